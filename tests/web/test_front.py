"""The front: threads wait for nobody, and what waits is counted, timed and given back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, Response, request
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from supervision.web import front
from supervision.web.front import Bodies, Front, Refused, environ_of

LARGEST = 100


@dataclass
class Exchange:
    """A client: what it sends of its body, whether it then stops, what it is answered."""

    parts: Iterable[bytes] = ()
    stops: bool = False
    reads: bool = True
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    streamed: list[bytes] = field(default_factory=list)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            yield part
        if self.stops:
            await asyncio.Event().wait()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answers.append((status, dict(headers), body))

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> "Exchange":
        self.response_bytes(status, headers, b"")
        return self

    async def send_bytes(self, data: bytes) -> None:
        if not self.reads:
            await asyncio.Event().wait()
        self.streamed.append(data)


def scope(method: str = "POST", path: str = "/echo", **headers: str) -> Any:
    """A request's head, as granian gives it."""
    return head(
        method, *[(name.replace("_", "-"), value) for name, value in headers.items()], path=path
    )


def head(method: str, *named: tuple[str, str], path: str = "/echo") -> Any:
    return SimpleNamespace(
        method=method,
        path=path,
        query_string="",
        http_version="1.1",
        scheme="http",
        server="127.0.0.1:8000",
        client="192.0.2.1:40000",
        headers=SimpleNamespace(items=lambda: named),
    )


@pytest.fixture
def app() -> Flask:
    made = Flask("behind")
    made.config["MAX_CONTENT_LENGTH"] = LARGEST

    @made.post("/echo")
    def echo() -> Response:
        return Response(request.get_data())

    @made.get("/page")
    def page() -> str:
        return "a page"

    @made.get("/long")
    def long() -> Response:
        return Response(iter([b"one ", b"two"]))

    @made.get("/fault")
    def fault() -> Response:
        raise LookupError

    made.config["PROPAGATE_EXCEPTIONS"] = True
    return made


def sent(app: Flask, *clients: tuple[Any, Exchange], threads: int = 1) -> list[Exchange]:
    """All of them at once, until each is answered."""

    async def together() -> None:
        made = Front(app.wsgi_app, threads, LARGEST)
        await asyncio.gather(*(made(head, exchange) for head, exchange in clients))

    asyncio.run(together())
    return [exchange for _head, exchange in clients]


def statuses(exchanges: Iterable[Exchange]) -> list[int]:
    return [status for one in exchanges for status, _headers, _body in one.answers]


@pytest.mark.parametrize("head", [{"content_length": "9"}, {"transfer_encoding": "chunked"}])
def test_body_in_parts_reaches_the_application_whole(app, head) -> None:
    (one,) = sent(app, (scope(**head), Exchange([b"one", b"two", b"six"])))
    assert [(status, body) for status, _headers, body in one.answers] == [(200, b"onetwosix")]


@pytest.mark.parametrize(
    ("head", "parts"),
    [
        ({"content_length": "101"}, []),
        ({"content_length": "5000000000"}, []),
        ({"transfer_encoding": "chunked"}, [b"x" * 60] * 2),
    ],
)
def test_body_larger_than_any_form_is_refused_without_waiting_for_it(app, head, parts) -> None:
    assert statuses(sent(app, (scope(**head), Exchange(parts, stops=True)))) == [413]


@pytest.mark.parametrize("head", [{"content_length": "99"}, {"transfer_encoding": "chunked"}])
def test_body_that_does_not_come_is_given_up(app, head, monkeypatch) -> None:
    monkeypatch.setattr(front, "PATIENCE", 0.02)
    (one,) = sent(app, (scope(**head), Exchange([b"a=1&b=2&c=3&"], stops=True)))
    ((status, headers, body),) = one.answers
    assert (status, headers["Connection"], headers["Retry-After"]) == (408, "close", "1")
    assert body == b"What you sent did not arrive in time. Nothing was changed: send it again.\n"


def test_body_that_breaks_off_reaches_no_application(app) -> None:
    (one,) = sent(app, (scope(content_length="12"), Exchange([b"text=half"])))
    assert statuses([one]) == [400]
    assert one.answers[0][2].startswith(b"What you sent broke off.")


def test_bodies_that_do_not_come_take_no_thread(app, monkeypatch) -> None:
    """With the one thread that there is, a page and a form go on while sixty wait."""
    monkeypatch.setattr(front, "PATIENCE", 1)
    slow = [(scope(content_length="99"), Exchange([b"a"], stops=True)) for _ in range(60)]
    fast = [(scope("GET", "/page"), Exchange()), (scope(content_length="1"), Exchange([b"b"]))]
    ended: list[int] = []
    for _head, one in [*slow, *fast]:
        one.answers = Noting(ended)
    sent(app, *slow, *fast)
    assert ended == [200, 200] + [408] * 60


class Noting(list[tuple[int, dict[str, str], bytes]]):
    """Answers that are also noted in the order in which all clients get them."""

    def __init__(self, order: list[int]) -> None:
        super().__init__()
        self._order = order

    def append(self, answer: tuple[int, dict[str, str], bytes]) -> None:
        super().append(answer)
        self._order.append(answer[0])


def test_more_bodies_than_places_are_refused_at_once(app, monkeypatch) -> None:
    monkeypatch.setattr(front, "PATIENCE", 0.2)
    monkeypatch.setattr(front, "MOST_OF_ONE", 3)
    clients = [(scope(content_length="9"), Exchange(stops=True)) for _ in range(5)]
    assert statuses(sent(app, *clients)) == [408] * 3 + [503] * 2


def test_address_that_took_its_places_leaves_those_of_others(monkeypatch) -> None:
    monkeypatch.setattr(front, "PATIENCE", 0.05)
    monkeypatch.setattr(front, "MOST_OF_ONE", 3)

    async def both() -> tuple[list[str], bytes | None]:
        bodies = Bodies(LARGEST)
        slow = [
            asyncio.create_task(fate(bodies, "192.0.2.1", Exchange(stops=True))) for _ in "1234"
        ]
        await asyncio.sleep(0)
        async with bodies.read(Exchange([b"mine"]), "192.0.2.2") as body:
            return [await one for one in slow], body

    assert asyncio.run(both()) == (["408"] * 3 + ["503"], b"mine")


async def fate(bodies: Bodies, address: str, exchange: Exchange) -> str:
    try:
        async with bodies.read(exchange, address) as body:
            return "too large" if body is None else "whole"
    except Refused as refusal:
        return str(refusal.kind.value[0])


BOUNDS = {
    "PATIENCE": 0.001,
    "MOST": 12,
    "MOST_OF_ONE": 6,
    "SMALL": 10,
    "MOST_BYTES": 200,
    "MOST_BYTES_OF_ONE": 90,
}
FATES = st.lists(
    st.tuples(
        st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
        st.lists(st.binary(max_size=40), max_size=5),
        st.booleans(),
    ),
    max_size=20,
)


@given(FATES)
def test_whatever_becomes_of_bodies_their_places_and_bytes_are_given_back(sent_by) -> None:
    async def all_of_them() -> tuple[list[str], Bodies]:
        bodies = Bodies(LARGEST)
        clients = [fate(bodies, who, Exchange(parts, stops)) for who, parts, stops in sent_by]
        return list(await asyncio.gather(*clients)), bodies

    with pytest.MonkeyPatch.context() as patch:
        for name, value in BOUNDS.items():
            patch.setattr(front, name, value)
        ends, bodies = asyncio.run(all_of_them())
    assert set(ends) <= {"whole", "too large", "408", "503"}
    assert bodies._here == []


@pytest.fixture
def small_pot(monkeypatch) -> None:
    """Bodies over 5 bytes are large: 20 bytes of an address, 40 of all."""
    for name, value in {"SMALL": 5, "MOST_BYTES_OF_ONE": 20, "MOST_BYTES": 40}.items():
        monkeypatch.setattr(front, name, value)


async def beside(
    hoarders: list[tuple[str, list[bytes]]], newcomer: tuple[str, list[bytes]]
) -> list[str]:
    """What becomes of bodies that stop midway, and of one that comes whole after them."""
    bodies = Bodies(LARGEST)
    slow = [
        asyncio.create_task(fate(bodies, who, Exchange(parts, stops=True)))
        for who, parts in hoarders
    ]
    await asyncio.sleep(0)
    after = await fate(bodies, newcomer[0], Exchange(newcomer[1]))
    return [*[await one for one in slow], after]


def test_address_that_hoards_bytes_is_refused_and_nobody_else(small_pot, monkeypatch) -> None:
    monkeypatch.setattr(front, "PATIENCE", 0.05)
    mine = [("192.0.2.1", [b"ten bytes."])] * 4
    assert asyncio.run(beside(mine, ("192.0.2.2", [b"ten bytes."]))) == [
        *["408", "408", "503", "503"],
        "whole",
    ]


def test_full_pot_loses_the_oldest_of_who_holds_most(small_pot, monkeypatch) -> None:
    monkeypatch.setattr(front, "PATIENCE", 0.05)
    few = ("192.0.2.3", [b"six by"])
    most = [("192.0.2.1", [b"ten bytes."])] * 2
    others = [("192.0.2.2", [b"nine byte"])]
    ends = asyncio.run(beside([few, *most, *others], ("192.0.2.4", [b"ten bytes."])))
    assert ends == ["408", "503", "408", "408", "whole"]


def test_small_body_finds_room_in_a_full_pot(small_pot, monkeypatch) -> None:
    monkeypatch.setattr(front, "PATIENCE", 0.05)
    full = [(f"192.0.2.{n}", [b"ten bytes."] * 2) for n in (1, 2)]
    assert asyncio.run(beside(full, ("192.0.2.1", [b"small"]))) == ["408", "408", "whole"]


def test_full_places_lose_the_oldest_of_who_holds_most(monkeypatch) -> None:
    monkeypatch.setattr(front, "PATIENCE", 0.05)
    monkeypatch.setattr(front, "MOST", 3)
    held = [("192.0.2.3", [b"a"]), ("192.0.2.1", [b"a"]), ("192.0.2.1", [b"a"])]
    assert asyncio.run(beside(held, ("192.0.2.2", [b"a"]))) == ["408", "503", "408", "whole"]


def test_bytes_count_until_they_are_answered(small_pot) -> None:
    async def two() -> tuple[str, str]:
        bodies = Bodies(LARGEST)
        async with bodies.read(Exchange([b"eleven byte"]), "192.0.2.1"):
            during = await fate(bodies, "192.0.2.1", Exchange([b"ten bytes."]))
        return during, await fate(bodies, "192.0.2.1", Exchange([b"ten bytes."]))

    assert asyncio.run(two()) == ("503", "whole")


class Watched(Exchange):
    """A client whose parts come one at a time."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in super().__aiter__():
            yield part
            await asyncio.sleep(0)


@given(FATES)
def test_no_more_is_held_than_may_be(sent_by) -> None:
    """By an address and by all, each part that came last aside."""
    seen: list[tuple[int, int, int]] = []

    async def all_of_them() -> None:
        bodies = Bodies(LARGEST)
        clients = [
            asyncio.create_task(fate(bodies, who, Watched(parts, stops)))
            for who, parts, stops in sent_by
        ]
        while not all(one.done() for one in clients):
            await asyncio.sleep(0)
            held = Counter[str]()
            for one in bodies._here:
                held[one.address] += one.large
            places = Counter(one.address for one in bodies._here)
            seen.append((held.total(), max(held.values(), default=0), places.total()))

    with pytest.MonkeyPatch.context() as patch:
        for name, value in BOUNDS.items():
            patch.setattr(front, name, value)
        asyncio.run(all_of_them())
    most = (BOUNDS["MOST_BYTES"], BOUNDS["MOST_BYTES_OF_ONE"], BOUNDS["MOST"])
    assert [one for one in seen if any(a > b for a, b in zip(one, most, strict=True))] == []


def test_answer_that_is_made_as_it_leaves_is_sent_in_parts(app) -> None:
    (one,) = sent(app, (scope("GET", "/long"), Exchange()))
    assert (statuses([one]), one.streamed) == ([200], [b"one ", b"two"])


def test_readers_that_take_nothing_hold_no_thread_and_are_given_up(app, monkeypatch) -> None:
    monkeypatch.setattr(front, "PATIENCE", 0.2)
    idle = [(scope("GET", "/long"), Exchange(reads=False)) for _ in range(12)]
    page = (scope("GET", "/page"), Exchange())

    async def together() -> int:
        made = Front(app.wsgi_app, 1, LARGEST)
        slow = [asyncio.create_task(made(*one)) for one in idle]
        await asyncio.sleep(0.05)
        await made(*page)
        unfinished = len([one for one in slow if not one.done()])
        await asyncio.gather(*slow, return_exceptions=True)
        return unfinished

    assert (asyncio.run(together()), statuses([page[1]])) == (12, [200])


def test_stream_that_was_given_up_is_closed(monkeypatch) -> None:
    monkeypatch.setattr(front, "PATIENCE", 0.02)
    closed = Event()

    def parts() -> Iterable[bytes]:
        try:
            yield b"one"
            yield b"two"
        finally:
            closed.set()

    def endless(_environ: Any, start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [])
        return parts()

    made = Front(endless, 1, LARGEST)
    asyncio.run(made(scope("GET"), Exchange(reads=False)))
    assert closed.is_set()


def test_fault_in_the_application_is_our_own_500_and_logged_by_its_class(app) -> None:
    with capture_logs() as logged:
        (one,) = sent(app, (scope("GET", "/fault"), Exchange()))
    ((status, headers, body),) = one.answers
    assert (status, headers["X-Content-Type-Options"]) == (500, "nosniff")
    assert body == b"Something went wrong here. What it was is in the log.\n"
    assert [line.get("error") for line in logged] == ["LookupError", None]


def test_fault_in_the_front_is_our_own_500_without_the_text_of_the_client(app, monkeypatch) -> None:
    def fails(_scope: Any) -> dict[str, Any]:
        raise ValueError("what the client sent")

    monkeypatch.setattr(front, "environ_of", fails)
    with capture_logs() as logged:
        (one,) = sent(app, (scope("GET", "/page"), Exchange()))
    assert statuses([one]) == [500]
    assert "what the client sent" not in str((logged, one.answers))


def test_answer_that_breaks_off_is_cut_and_logged_by_its_class(monkeypatch) -> None:
    cut: list[tuple[str, str]] = []
    monkeypatch.setattr(front, "break_off", lambda *client: cut.append(client))

    def parts() -> Iterable[bytes]:
        yield b"one"
        raise LookupError("what a person wrote")

    def breaking(_environ: Any, start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [])
        return parts()

    one = Exchange()
    with capture_logs() as logged:
        asyncio.run(Front(breaking, 1, LARGEST)(scope("GET"), one))
    assert (statuses([one]), one.streamed, cut) == ([200], [b"one"], [("192.0.2.1", "40000")])
    assert [(line["event"], line["error"]) for line in logged] == [("fault", "LookupError")]


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_head_has_the_length_of_what_get_would_give(app, method) -> None:
    (one,) = sent(app, (scope(method, "/page"), Exchange()))
    ((status, headers, body),) = one.answers
    assert (status, headers["Content-Length"]) == (200, "6")
    assert body == {"HEAD": b"", "GET": b"a page"}[method]


UNDERSCORED = ["X_Forwarded_For", "X_Forwarded_Proto", "Content_Length", "Transfer_Encoding"]


@pytest.mark.parametrize("name", [*UNDERSCORED, "X-Forwarded_For", "X.Tag", "", "X Tag", "Ä"])
def test_header_whose_name_an_environ_confuses_is_left_out(name) -> None:
    plain = environ_of(scope("GET"))
    assert set(environ_of(head("GET", (name, "abc")))) == set(plain)


def test_underscored_forwarded_address_is_not_believed() -> None:
    made = environ_of(
        head("GET", ("X_Forwarded_For", "203.0.113.1"), ("X-Forwarded-For", "192.0.2.9"))
    )
    assert made["HTTP_X_FORWARDED_FOR"] == "192.0.2.9"


def test_header_that_came_twice_is_joined_in_order() -> None:
    made = environ_of(
        head("GET", ("X-Forwarded-For", "203.0.113.1"), ("x-forwarded-for", "192.0.2.9"))
    )
    assert made["HTTP_X_FORWARDED_FOR"] == "203.0.113.1,192.0.2.9"


@pytest.mark.parametrize(
    "headers",
    [
        [("Host", "localhost"), ("Host", "localhost")],
        [("Content-Length", "1"), ("content-length", "1")],
        [("Content-Length", "abc")],
        [("Content-Length", "1_0")],
        [("Content-Length", "-1")],
        [("Content-Length", "9" * 5000)],
    ],
)
def test_head_that_says_two_things_is_refused(app, headers) -> None:
    (one,) = sent(app, (head("GET", *headers), Exchange()))
    ((status, headers_, _body),) = one.answers
    assert (status, headers_["Connection"]) == (400, "close")


def test_environ_says_what_pep_3333_asks_for() -> None:
    made = environ_of(scope("GET", "/ä", host="example.org", x_tag="1", content_type="text/plain"))
    assert made["PATH_INFO"] == "/ä".encode().decode("latin-1")
    assert (made["REMOTE_ADDR"], made["SERVER_NAME"], made["SERVER_PORT"]) == (
        "192.0.2.1",
        "127.0.0.1",
        "8000",
    )
    assert (made["HTTP_HOST"], made["HTTP_X_TAG"]) == ("example.org", "1")
    assert (made["CONTENT_TYPE"], "HTTP_CONTENT_TYPE" in made) == ("text/plain", False)

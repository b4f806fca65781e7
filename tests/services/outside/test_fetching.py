"""Fetching from strangers, by real servers on this machine that do their worst."""

import socket
import ssl
from collections.abc import Callable, Iterator
from itertools import cycle

import pytest

from supervision.domain.outside import WEB_PAGE, Unreadable
from supervision.services.outside import addresses, fetching
from supervision.services.outside.fetching import Fetched, Known
from tests.support import strangers
from tests.support.strangers import EMPTY, Stranger

HERE = frozenset({"calendar.test"})
pytestmark = pytest.mark.usefixtures("names")


def fetch(stranger: Stranger, path: str, known: Known | None = None) -> Fetched:
    address = f"http://calendar.test:{stranger.port}/{path}"
    return fetching.fetch(address, known or Known(), HERE)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Unreadable) as refused:
        act()
    return refused.value.msgid


def to(stranger: Stranger, place: str) -> str:
    """The path at which a stranger sends us on to a place."""
    return f"to/{place.format(port=stranger.port).encode().hex()}"


# -- what is well meant --------------------------------------------------------------------


def test_unchanged_calendar_is_not_sent_again(stranger: Stranger) -> None:
    known = Known('"1"')
    assert fetch(stranger, "tagged") == Fetched(EMPTY, known)
    assert fetch(stranger, "tagged", known) == Fetched(None, known)


def test_unmodified_calendar_is_not_sent_again(stranger: Stranger) -> None:
    known = Known(modified="Mon, 23 Nov 2026 09:00:00 GMT")
    assert fetch(stranger, "dated") == Fetched(EMPTY, known)
    assert fetch(stranger, "dated", known) == Fetched(None, known)


def test_not_modified_that_nobody_asked_for_is_refused(stranger: Stranger) -> None:
    assert refusal(lambda: fetch(stranger, "status/304")) == fetching.REFUSED


def test_zipped_calendar_is_read(stranger: Stranger) -> None:
    assert fetch(stranger, "zipped").body == EMPTY


def test_server_is_told_its_name_and_nothing_of_ours(stranger: Stranger) -> None:
    fetch(stranger, "tagged")
    assert stranger.asked == [
        (
            "/tagged",
            {
                "Host": f"calendar.test:{stranger.port}",
                "Accept": "text/calendar, */*;q=0.5",
                "Accept-Encoding": "gzip",
                "Connection": "close",
                "User-Agent": "Supervision",
            },
        )
    ]


def test_redirect_to_a_calendar_is_followed(stranger: Stranger) -> None:
    assert fetch(stranger, to(stranger, "/tagged")).body == EMPTY


def test_address_that_does_not_answer_is_followed_by_one_that_does(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {"calendar.test": ["::1", "127.0.0.1"]}
    monkeypatch.setattr(socket, "getaddrinfo", strangers.lookup(both))
    assert fetch(stranger, "tagged").body == EMPTY


def test_calendar_of_the_next_generation_of_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    with strangers.serving(address="::1") as stranger:
        found = fetching.fetch(
            f"http://six.test:{stranger.port}/tagged", Known(), frozenset({"six.test"})
        )
    assert found.body == EMPTY


# -- what a server may say -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("status/401", fetching.SIGN_IN),
        ("status/403", fetching.SIGN_IN),
        ("status/404", fetching.GONE),
        ("status/410", fetching.GONE),
        ("status/418", fetching.REFUSED),
        ("status/429", fetching.TROUBLE),
        ("status/500", fetching.TROUBLE),
        ("status/503", fetching.TROUBLE),
        ("status/302", fetching.REFUSED),
        ("html", WEB_PAGE),
        ("cut", fetching.NO_ANSWER),
        ("cutzip", fetching.NO_ANSWER),
        ("noise", fetching.NO_ANSWER),
        ("headers", fetching.NO_ANSWER),
        ("header", fetching.NO_ANSWER),
        ("again", fetching.ASTRAY),
    ],
)
def test_answer_that_is_no_calendar_has_its_sentence(
    stranger: Stranger, path: str, sentence: str
) -> None:
    assert refusal(lambda: fetch(stranger, path)) == sentence


def test_sentences_are_for_the_person_who_reads_them() -> None:
    assert {fetching.SIGN_IN, fetching.GONE, fetching.TROUBLE, fetching.NO_ANSWER} == {
        "The calendar's server wants a sign-in. Use the secret address, which needs none.",
        "There is no calendar at this address any more. It may have been changed or turned off.",
        "The calendar's server has trouble of its own, or was asked too often.",
        "The calendar's server cannot be reached, or broke off.",
    }


def test_server_that_is_not_there_cannot_be_reached(stranger: Stranger) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://calendar.test:{free.getsockname()[1]}/"
        assert refusal(lambda: fetching.fetch(address, Known(), HERE)) == fetching.NO_ANSWER


def test_name_that_nobody_has_is_told() -> None:
    act = lambda: fetching.fetch("https://nowhere.test/", Known(), HERE)  # noqa: E731
    assert refusal(act) == addresses.NO_HOST


# -- places that nobody may reach ----------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("https://127.0.0.1/", addresses.NOT_PUBLIC),
        ("http://127.0.0.1/", addresses.NOT_PUBLIC),
        ("http://127.0.0.1:{port}/tagged", addresses.NOT_PUBLIC),
        ("//127.0.0.1/", addresses.NOT_PUBLIC),
        ("https://2130706433/", addresses.NOT_PUBLIC),
        ("https://[::1]/", addresses.NOT_PUBLIC),
        ("https://[::ffff:127.0.0.1]/", addresses.NOT_PUBLIC),
        ("https://169.254.169.254/latest/meta-data/", addresses.NOT_PUBLIC),
        ("https://inner.test/", addresses.NOT_PUBLIC),
        ("https://mixed.test/", addresses.NOT_PUBLIC),
        ("https://late.test/", addresses.NOT_PUBLIC),
        ("http://inner.test:{port}/tagged", fetching.ASTRAY),
        ("file:///etc/passwd", fetching.ASTRAY),
        ("ftp://inner.test/", fetching.ASTRAY),
        ("https://me:word@inner.test/", fetching.ASTRAY),
    ],
)
def test_redirect_inwards_is_refused_and_reaches_nothing(
    stranger: Stranger, victim: Stranger, place: str, sentence: str
) -> None:
    assert refusal(lambda: fetch(stranger, to(stranger, place))) == sentence
    assert (victim.asked, len(stranger.asked)) == ([], 1)


def test_redirect_inwards_by_a_chain_is_refused(stranger: Stranger, victim: Stranger) -> None:
    chain = to(stranger, "/" + to(stranger, "https://inner.test/"))
    assert refusal(lambda: fetch(stranger, chain)) == addresses.NOT_PUBLIC
    assert (victim.asked, len(stranger.asked)) == ([], 2)


@pytest.mark.parametrize("place", ["https://inner.test/", "https://127.0.0.1/"])
def test_redirect_reaches_this_machine_where_nobody_looks(
    stranger: Stranger, victim: Stranger, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(addresses, "is_public", lambda _ip: True)
    monkeypatch.setattr(fetching, "is_this_machine", lambda _connection: False)
    assert fetch(stranger, to(stranger, place)).body == EMPTY
    assert victim.paths == ["/"]


def test_this_machine_behind_a_public_address_is_refused(
    victim: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public number that leads back here, past whatever stands before the machine."""
    monkeypatch.setattr(addresses, "is_public", lambda _ip: True)
    act = lambda: fetching.fetch("https://inner.test/", Known(), HERE)  # noqa: E731
    assert (refusal(act), victim.asked) == (addresses.NOT_PUBLIC, [])


def turning() -> Iterator[str]:
    """A name server that says one thing to who checks and another to who connects."""
    return cycle(["8.8.8.8", "127.0.0.1"])


def test_name_is_looked_up_once_so_that_no_second_answer_counts(
    victim: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", strangers.lookup({"inner.test": turning()}))
    opened = []
    monkeypatch.setattr(socket, "create_connection", lambda place, *_rest: opened.append(place))
    with pytest.raises(AttributeError):  # there is no connection
        fetching.fetch("https://inner.test/", Known(), frozenset())
    assert (opened, victim.asked) == ([("8.8.8.8", victim.port)], [])


def test_second_answer_counts_where_the_name_is_connected_to(
    victim: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", strangers.lookup({"inner.test": turning()}))
    monkeypatch.setattr(
        fetching, "_opened", lambda _ips, port: socket.create_connection(("inner.test", port))
    )
    monkeypatch.setattr(fetching, "is_this_machine", lambda _connection: False)
    assert fetching.fetch("https://inner.test/", Known(), frozenset()).body == EMPTY


# -- names that have to be proved ----------------------------------------------------------


def secure(victim: Stranger, name: str) -> Fetched:
    return fetching.fetch(f"https://{name}:{victim.port}/", Known(), frozenset({name}))


def test_server_with_another_name_is_not_believed(victim: Stranger) -> None:
    assert secure(victim, "calendar.test").body == EMPTY
    assert refusal(lambda: secure(victim, "other.test")) == fetching.NO_TRUST
    assert victim.paths == ["/"]


def test_server_that_nobody_vouches_for_is_not_believed(
    victim: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssl, "create_default_context", ssl._create_default_https_context)
    assert refusal(lambda: secure(victim, "calendar.test")) == fetching.NO_TRUST


def test_server_with_another_name_is_believed_where_names_do_not_count(
    victim: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = ssl.create_default_context

    def careless() -> ssl.SSLContext:
        context = usual()
        context.check_hostname = False
        return context

    monkeypatch.setattr(ssl, "create_default_context", careless)
    assert secure(victim, "other.test").body == EMPTY


# -- too much ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["bomb", "declared", "undeclared"])
def test_too_much_is_refused(stranger: Stranger, path: str) -> None:
    assert refusal(lambda: fetch(stranger, path)) == fetching.TOO_LARGE


def test_what_says_that_it_is_too_much_is_not_even_begun(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "CHUNK", 0)  # a read would end at once, as if nothing came
    assert refusal(lambda: fetch(stranger, "declared")) == fetching.TOO_LARGE


def test_gigabyte_is_left_soon_after_what_fits(stranger: Stranger) -> None:
    assert refusal(lambda: fetch(stranger, "undeclared")) == fetching.TOO_LARGE
    assert stranger.sent < 40_000_000


def test_zip_bomb_fills_memory_without_the_limit(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 200_000_000)
    assert len(fetch(stranger, "bomb").body or b"") == 100_000_000

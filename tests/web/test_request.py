"""What a request carries, as views see it."""

import time
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from unittest import mock
from urllib.parse import parse_qsl

import pytest
from flask import Flask, request
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_etags
from werkzeug.sansio.multipart import Epilogue, MultipartDecoder

from supervision.errors import Invalid
from supervision.web import multipart
from supervision.web.request import MOST_BROKEN, TAKEN_APART, Parser, forget_long_headers
from tests import factories
from tests.support.client import Client


@pytest.mark.engines("sqlite", "postgresql")
def test_character_that_a_database_cannot_keep_is_left_out(client: Client) -> None:
    """PostgreSQL's texts hold no U+0000; pasting can bring one along."""
    client.sign_in(factories.person("alice").id)
    sent = client.submit("/rosters/new", {"title": "Thurs\0day", "kind": "peer"}, "Make roster")
    assert (sent.status_code, "\0" in sent.text) == (303, False)
    assert "Thursday" in client.get("/rosters?ended=\0").text


def test_what_a_view_reads_by_name_is_short(app: Flask) -> None:
    with app.test_request_context("/?next=" + "x" * 2_001 + "&page=" + "x" * 2_000):
        assert request.args.get("page") == "x" * 2_000
        with pytest.raises(Invalid):
            request.args.get("next")
        with pytest.raises(Invalid):
            request.values.get("next")


def test_long_query_is_refused_with_a_sentence(client: Client) -> None:
    client.sign_in(factories.person("alice").id)
    answer = client.get("/calendar?date=" + "9" * 3_000)
    assert (answer.status_code, "Keep this to 2,000 characters." in answer.text) == (422, True)


@pytest.mark.parametrize("path", ["/sign-in?", "/sign-in"])
def test_fields_without_end_are_not_taken_apart(client: Client, path: str) -> None:
    token = client.csrf_token()
    many = "&".join(f"a{number}" for number in range(60_000))
    begun = time.thread_time()
    if path.endswith("?"):
        answer = client.get(path + many)
    else:
        kind = "application/x-www-form-urlencoded"
        answer = client.post(path, data=f"csrf_token={token}&{many}", content_type=kind)
    assert time.thread_time() - begun < 0.3
    assert answer.status_code == 413


@given(st.text(st.sampled_from("ab=+%& \r\n\t_.0FéÃ") | st.characters(codec="utf-8"), max_size=60))
def test_form_is_read_as_the_standard_library_reads_it(sent: str) -> None:
    body = sent.encode()
    _stream, form, _files = Parser()._parse_urlencoded(BytesIO(body), "", None, {})
    assert list(form.items(multi=True)) == parse_qsl(sent, keep_blank_values=True, errors="replace")


def read(body: bytes) -> list[tuple[str, str]]:
    _stream, form, _files = Parser()._parse_urlencoded(BytesIO(body), "", None, {})
    return list(form.items(multi=True))


@pytest.mark.parametrize("piece", ["%CC%80", "%FF", "+", "=", "a"])
def test_two_megabytes_are_read_in_a_moment(piece: str) -> None:
    assert spent(lambda: read(b"a=" + piece.encode() * (2_000_000 // len(piece)))) < 2


@pytest.mark.parametrize("piece", ["%", "%zz", "%a", "%%41", "%=", "%&"])
def test_body_of_broken_escapes_is_refused_unread(piece: str) -> None:
    body = piece.encode() * (2_000_000 // len(piece))
    assert spent(lambda: refused(lambda: read(body))) < 0.2


def test_some_broken_escapes_are_what_they_look_like() -> None:
    body = "a=" + "%" * MOST_BROKEN
    assert read(body.encode()) == parse_qsl(body)
    assert refused(lambda: read(body.encode() + b"%")) == 400


def spent(act: Callable[[], object]) -> float:
    """Seconds of work, of this thread alone."""
    begun = time.thread_time()
    act()
    return time.thread_time() - begun


def refused(act: Callable[[], object]) -> int | None:
    """With which status, or None for what is taken."""
    try:
        act()
    except HTTPException as error:
        return error.code
    return None


# -- parts ---------------------------------------------------------------------------------

HEAD = b"Content-Disposition: form-data; name=x"


def parted(*heads: bytes, preamble: bytes = b"") -> bytes:
    """A body with a part under each head."""
    parts = b"".join(b"\r\n--b\r\n" + head + b"\r\n\r\nword" for head in heads)
    return preamble + parts + b"\r\n--b--\r\n"


def filled(piece: bytes, length: int = 2_000_000) -> bytes:
    return piece * (length // len(piece))


MANY = {
    "parameters": parted(HEAD + filled(b"; a=b")),
    "continuations": parted(HEAD + filled(b"; name*0*=''%")),
    "quotes": parted(HEAD + b'"' + filled(b'\\"') + b'"'),
    "lines": parted(HEAD + b"\r\n" + filled(b"A: b\r\n")),
    "a charset": parted(HEAD + b"\r\nContent-Type: text/plain" + filled(b"; charset=x")),
    "heads": parted(*[HEAD + filled(b'; a="\\""', 4_000)] * 450),
    "short heads": parted(*[HEAD + b";a=b;a=b;a=b"] * 4_900),
    "parts": parted(*[HEAD] * 25_000),
    "delimiters": filled(b"\r\n--b\r\n"),
    "a preamble": parted(HEAD, preamble=filled(b"--\r\n")),
    "spaces": b"--b" + filled(b" "),
    "no delimiter": filled(b"\n--"),
    "a head in a head": b"--b\r\n" + filled(b"--b; a=b"),
}


@pytest.mark.parametrize("kind", MANY)
def test_parts_are_measured_before_they_are_taken_apart(client: Client, kind: str) -> None:
    content, read_out = "multipart/form-data; boundary=b", MultipartDecoder._parse_headers
    with mock.patch.object(
        MultipartDecoder, "_parse_headers", autospec=True, side_effect=read_out
    ) as parse:
        answer = client.post("/sign-in", data=MANY[kind], content_type=content)
    assert answer.status_code in {400, 413}
    assert parse.call_args_list == []


@pytest.mark.parametrize("piece", [b"\n", b"\r", b"--b", b"-", b"\r\n--", b"\r\n--a", b"\xff"])
@pytest.mark.parametrize("charset", [b"utf-8", b"ascii"])
def test_file_of_any_bytes_is_read_in_a_moment(app: Flask, piece: bytes, charset: bytes) -> None:
    head = HEAD + b"\r\nContent-Type: text/plain; charset=" + charset
    body = parted(head).replace(b"word", filled(piece, 1_900_000))
    assert spent(lambda: refused(lambda: form_of(app, body))) < 0.3


@pytest.mark.parametrize("boundary", ["b" * 71, "é", "b ", "\t", "b" * 60_000])
def test_boundary_that_is_none_is_refused(app: Flask, boundary: str) -> None:
    body = parted(HEAD).replace(b"--b", b"--" + boundary.encode())
    assert refused(lambda: multipart.check(body, boundary, 9)) == 400


@pytest.mark.parametrize(
    "head", [b"Content-Disposition: form-data", b'Content-Disposition: form-data; filename="x"']
)
def test_part_without_a_name_is_refused(client: Client, head: bytes) -> None:
    content = "multipart/form-data; boundary=b"
    assert client.post("/sign-in", data=parted(head), content_type=content).status_code == 400


def form_of(app: Flask, body: bytes) -> dict[str, str]:
    content = "multipart/form-data; boundary=b"
    with app.test_request_context(method="POST", data=body, content_type=content):
        return request.form.to_dict()


def test_parts_of_a_browser_are_read(app: Flask) -> None:
    heads = [f'Content-Disposition: form-data; name="{n}"'.encode() for n in range(900)]
    assert form_of(app, parted(*heads)) == {str(number): "word" for number in range(900)}
    assert form_of(app, parted(HEAD, preamble=b"-" * 298)) == {"x": "word"}


PIECES = (b"--b", b"--b--", b"\r\n", b"\n", b"\r", b"--", b"b", b" ", HEAD, b"; a=b", b"w")


@given(st.lists(st.sampled_from(PIECES), max_size=24).map(b"".join))
@example(b"--b\r\n\n" + HEAD + b"; a=b\n\nw\n--b--")
@example(b"--b\r\n\n" + HEAD + b"\n\nw\n--b--")
def test_no_head_is_longer_than_was_measured(body: bytes) -> None:
    with mock.patch.object(multipart, "LONGEST_HEAD", len(HEAD) + 4):
        if refused(lambda: multipart.check(body, "b", 9)):
            return
    assert max(map(len, heads_of(body)), default=0) <= len(HEAD) + 4


def heads_of(body: bytes) -> list[bytes]:
    """The heads that Werkzeug takes apart."""
    decoder = MultipartDecoder(b"b")
    decoder.receive_data(body)
    decoder.receive_data(None)
    parse = mock.patch.object(decoder, "_parse_headers", wraps=decoder._parse_headers)
    with parse as parsed, suppress(ValueError):
        while not isinstance(decoder.next_event(), Epilogue):
            pass
    return [call.args[0] for call in parsed.call_args_list]


# -- headers -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TAKEN_APART)
def test_long_header_is_as_none(app: Flask, name: str) -> None:
    environ = {name: "a" * 500}
    forget_long_headers(environ)
    assert environ == {name: "a" * 500}
    with app.test_request_context("/", environ_overrides={name: "a" * 501}):
        assert name not in request.environ


@pytest.mark.parametrize("piece", ["a,", "a;q=0.1,", "a=b;", '"', "en;q=9"])
@pytest.mark.parametrize(
    ("path", "name"),
    [("/sign-in", "Accept-Language"), (f"/feeds/{'a' * 43}.ics", "Accept-Encoding")],
)
def test_sixty_kilobytes_of_header_cost_what_none_do(
    client: Client, path: str, name: str, piece: str
) -> None:
    with mock.patch("werkzeug.http.parse_list_header") as lists:
        client.get(path, headers={name: piece * (60_000 // len(piece))})
    assert [call for call in lists.call_args_list if len(call.args[0]) > 500] == []


def test_feed_is_looked_up_for_no_long_list(client: Client) -> None:
    """What answers feeds stands in front of what other requests go through."""
    with mock.patch("supervision.web.feed_gate.parse_etags", wraps=parse_etags) as parsed:
        client.get(f"/feeds/{'a' * 43}.ics", headers={"If-None-Match": "a," * 30_000})
        assert [call.args[0] for call in parsed.call_args_list if call.args[0]] == []
        client.get(f"/feeds/{'a' * 43}.ics", headers={"If-None-Match": "a"})
    assert mock.call("a") in parsed.call_args_list

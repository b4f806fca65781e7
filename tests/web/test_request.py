"""What a request carries, as views see it."""

import time
from io import BytesIO
from urllib.parse import parse_qsl

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

from supervision.errors import Invalid
from supervision.web.request import Parser
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
    assert (answer.status_code, "Keep this to 2000 characters." in answer.text) == (422, True)


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


@pytest.mark.parametrize("piece", ["%CC%80", "%FF", "%zz", "%", "+", "=", "a"])
def test_two_megabytes_are_read_in_a_moment(piece: str) -> None:
    body = b"a=" + piece.encode() * (2_000_000 // len(piece))
    begun = time.thread_time()
    Parser()._parse_urlencoded(BytesIO(body), "", None, {})
    assert time.thread_time() - begun < 0.75

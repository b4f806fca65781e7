"""The names that are answered: its own and this machine's, whatever else a client says."""

import pytest
from flask import Flask

from supervision.web import hosts
from tests.support.databases import settings_for

PUBLIC, LOCAL = "https://supervision.example.org", "http://127.0.0.1:8000"


@pytest.fixture
def ask(tmp_path):
    """The status of a page asked for under a host's name."""

    def act(base_url: str, host: str, path: str = "/", **headers: str) -> int:
        app = Flask("named")
        for page in ("/", "/healthz", "/readyz", "/metrics"):
            app.add_url_rule(page, page, lambda: "here")
        settings = settings_for(tmp_path / "instance", "sqlite:///:memory:", base_url=base_url)
        hosts.init(app, settings)
        given = {"HTTP_HOST": host} | {f"HTTP_{key}": value for key, value in headers.items()}
        return app.test_client().get(path, environ_overrides=given).status_code

    return act


@pytest.mark.parametrize("host", ["supervision.example.org", "SUPERVISION.example.org:443"])
def test_own_name_is_answered(ask, host) -> None:
    assert ask(PUBLIC, host) == 200


@pytest.mark.parametrize("base_url", [PUBLIC, LOCAL])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LocalHost:1", "[::1]:8123"])
def test_this_machine_is_answered_by_any_port(ask, base_url, host) -> None:
    assert ask(base_url, host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:443",
        "supervision.example.org.evil.example",
        "evil.example#supervision.example.org",
        "supervision.example.org:8000",
        "supervision.example.org:x",
        "user@supervision.example.org",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.2",
        "[::2]",
        "localhost, evil.example",
        "localhost/evil.example",
        "ｌｏｃａｌｈｏｓｔ",
        "supervision.example.org\n",
    ],
)
def test_other_name_is_misdirected(ask, host) -> None:
    assert [ask(base_url, host) for base_url in (PUBLIC, LOCAL)] == [421, 421]


def test_name_that_a_proxy_is_said_to_forward_is_never_believed(ask) -> None:
    assert ask(PUBLIC, "evil.example", X_FORWARDED_HOST="supervision.example.org") == 421
    assert ask(PUBLIC, "evil.example", FORWARDED="host=supervision.example.org") == 421
    assert ask(PUBLIC, "supervision.example.org", X_FORWARDED_HOST="evil.example") == 200


@pytest.mark.parametrize(
    ("path", "expected"), [("/healthz", 200), ("/readyz", 200), ("/metrics", 421), ("/", 421)]
)
def test_load_balancer_asks_by_number_for_health_alone(ask, path, expected) -> None:
    assert ask(PUBLIC, "10.0.0.7:8000", path) == expected


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/dev/mail", "/metrics", "/feeds/" + "a" * 43 + ".ics"]
)
def test_refusal_comes_before_anything_is_done(client, path) -> None:
    answer = client.get(path, headers={"Host": "evil.example"})
    assert (answer.status_code, answer.text) == (421, "Nothing is served here under this name.\n")
    assert [name for name in ("Set-Cookie", "X-Request-Id") if name in answer.headers] == []

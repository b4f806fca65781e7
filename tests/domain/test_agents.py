"""Programs by how they name themselves."""

import pytest

from supervision.domain.agents import BROWSER, NAMELESS, family


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Google-Calendar-Importer", "Google Calendar"),
        ("Mozilla/5.0 (X11; rv:128.0) Gecko/20100101 Thunderbird/128.1", "Thunderbird"),
        ("iOS/17.5 (21F79) dataaccessd/1.0", "Apple Calendar"),
        ("macOS/14.5 (23F79) CalendarAgent/990", "Apple Calendar"),
        ("Mozilla/5.0 (Macintosh) Safari/605", BROWSER),
        ("curl/8.5.0", "curl"),
        ("curl/9.0.0", "curl"),
        ("Some <b>Bot</b>: https://bot.example/?a=1/2", "Some bBot"),
        ("x" * 200, "x" * 40),
        ("", NAMELESS),
        ("/1.0", NAMELESS),
        ("☃", NAMELESS),
    ],
)
def test_family_is_the_same_for_all_versions(agent: str, name: str) -> None:
    assert family(agent) == name

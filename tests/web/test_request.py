"""What a request carries, as views see it."""

import pytest

from tests import factories
from tests.support.client import Client


@pytest.mark.engines("sqlite", "postgresql")
def test_character_that_a_database_cannot_keep_is_left_out(client: Client) -> None:
    """PostgreSQL's texts hold no U+0000; pasting can bring one along."""
    client.sign_in(factories.person("alice").id)
    sent = client.submit("/rosters/new", {"title": "Thurs\0day", "kind": "peer"}, "Make roster")
    assert (sent.status_code, "\0" in sent.text) == (303, False)
    assert "Thursday" in client.get("/rosters?ended=\0").text

"""What a view demands of who asks, by itself."""

from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound

from supervision.models.people import Role
from supervision.web.auth import organisers
from tests import factories
from tests.support.client import Client


@pytest.mark.parametrize(("role", "expected"), [(Role.ORGANISER, "in"), (Role.SUPERVISOR, "404")])
def test_view_of_organisers_lets_nobody_else_in(
    app: Flask, client: Client, role: Role, expected: str
) -> None:
    """Whatever is behind it: services that ask once more do not hide that it is open."""
    client.sign_in(factories.person("dana", role=role).id)
    view: Callable[[], str] = organisers(lambda: "in")
    with client.session_transaction() as cookie:
        kept = dict(cookie)
    with app.test_request_context("/people") as context:
        context.session.update(kept)
        try:
            answer = view()
        except NotFound:
            answer = "404"
    assert answer == expected

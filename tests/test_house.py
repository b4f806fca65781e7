"""The house rules that a new route, table or file has to keep from the day it is born.

Who may do what there is in `permissions/table.py`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from supervision import clock as clocks
from supervision.db import db
from supervision.services import feeds, outside, people, polls
from supervision.services.polls import Proposal
from tests import factories
from tests.factories import House
from tests.support import links

SAFE = {"GET", "HEAD", "OPTIONS"}
# What a member of no roster of Alice's, and nobody at all, may open.
OPEN = {
    "dav.answer",
    "dav.well_known",
    "feeds.read",
    "health.alive",
    "health.ready",
    "health.measured",
    "home.dev_mail",
    "leaving.come_back",
    "leaving.come_back_form",
    "mail.stop",
    "mail.stop_form",
    "people.enter",
    "people.invitation",
    "people.join",
    "people.passphrase_strength",
    "people.reset",
    "people.reset_ask",
    "people.reset_form",
    "people.reset_send",
    "replies.answer",
    "replies.ask",
    "people.sign_in",
    "static",
}

# What programs send as well, without a form's token: what is in the address, or a password that no
# browser keeps, is the permission.
FOR_PROGRAMS = {"dav.answer", "dav.well_known", "mail.stop"}


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def test_every_route_states_a_permission(app: Flask) -> None:
    bare = [
        rule.endpoint
        for rule in rules(app)
        if rule.endpoint != "static"
        and not hasattr(app.view_functions[rule.endpoint], "permission")
    ]
    assert bare == []


def test_route_without_permission_does_not_exist(app: Flask, new_client: Any) -> None:
    view = app.view_functions["home.dev_mail"]
    app.view_functions["home.dev_mail"] = lambda: "open by mistake"
    try:
        response = new_client().get("/dev/mail")
    finally:
        app.view_functions["home.dev_mail"] = view
    assert (response.status_code, "open by mistake" in response.text) == (404, False)


def test_open_routes_are_the_listed_ones(app: Flask) -> None:
    found = {
        rule.endpoint
        for rule in rules(app)
        if getattr(app.view_functions[rule.endpoint], "permission", "").startswith("anyone")
    }
    assert found == OPEN - {"static"}


@dataclass(frozen=True)
class Things:
    """The house, and one id for every argument that a route can take."""

    house: House
    values: dict[str, str]


@pytest.fixture
def things(app: Flask) -> Things:
    house = factories.house()
    at = clocks.now()
    group = db.session.get_one(factories.Roster, house.group)
    session = factories.session(group, at + timedelta(days=2), house.alice, house.bob, house.carol)
    subscription, _token = feeds.make_subscription(
        house.alice, at, "person", None, "phone", "plain"
    )
    pepper = app.extensions["settings"].pepper.encode()
    calendar_id = outside.add(
        house.alice, at, "Work", "https://calendar.example/x.ics", pepper, frozenset()
    )
    membership = db.session.scalar(
        db.select(factories.Membership.id).where(
            factories.Membership.roster_id == house.group,
            factories.Membership.person_id == house.carol.id,
        )
    )
    starts = [at + timedelta(days=3)]
    proposal = Proposal(starts, 50, at + timedelta(days=1))
    poll_id = polls.ask(house.alice, at, house.group, proposal)
    share_id = factories.share(house.alice, house.bob)
    db.session.commit()
    values = {
        "roster_id": str(house.group),
        "session_id": str(session.id),
        "series_id": str(uuid4()),
        "calendar_id": str(calendar_id),
        "subscription_id": str(subscription.id),
        "membership_id": str(membership),
        "person_id": str(house.carol.id),
        "note_id": str(uuid4()),
        "draft_id": str(uuid4()),
        "mail_id": str(uuid4()),
        "poll_id": str(poll_id),
        "leave_id": str(uuid4()),
        "sign_in_id": str(house.alice.sign_in_id),
        "share_id": str(share_id),
        "token": "x" * 43,
        "filename": "app.css",
        "path": "calendars/",
    }
    return Things(house, values)


def path_of(rule: Rule, values: dict[str, str]) -> str:
    return re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda match: values[match[1]], rule.rule)


def method_of(rule: Rule) -> str:
    methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
    return "POST" if "POST" in methods else "GET"


def test_every_page_carries_the_security_headers(
    app: Flask, things: Things, new_client: Any
) -> None:
    client = new_client()
    client.sign_in(things.house.alice.id)
    for rule in rules(app):
        if method_of(rule) != "GET" or rule.endpoint == "static":
            continue
        response = client.get(path_of(rule, things.values))
        assert response.headers["X-Content-Type-Options"] == "nosniff", rule.rule
        assert response.headers["Referrer-Policy"] == "no-referrer", rule.rule
        if response.mimetype == "text/html":
            policy = response.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'"), rule.rule
            assert "unsafe" not in policy, rule.rule


def test_write_without_csrf_token_is_refused_everywhere(
    app: Flask, things: Things, new_client: Any
) -> None:
    client = new_client()
    client.sign_in(things.house.alice.id)
    answers = {
        client.post(path_of(rule, things.values)).status_code
        for rule in rules(app)
        if method_of(rule) == "POST" and rule.endpoint not in FOR_PROGRAMS
    }
    assert answers == {400}


def test_write_from_another_site_is_refused_everywhere(
    app: Flask, things: Things, new_client: Any
) -> None:
    client = new_client()
    client.sign_in(things.house.alice.id)
    answers = {
        client.send(
            path_of(rule, things.values), headers={"Sec-Fetch-Site": "cross-site"}
        ).status_code
        for rule in rules(app)
        if method_of(rule) == "POST" and rule.endpoint not in FOR_PROGRAMS
    }
    assert answers == {403}


def test_views_for_programs_are_the_listed_ones(app: Flask) -> None:
    marked = {name for name, view in app.view_functions.items() if hasattr(view, "for_programs")}
    assert marked == FOR_PROGRAMS


def test_no_page_holds_inline_script_or_style(app: Flask, things: Things, new_client: Any) -> None:
    client = new_client()
    client.sign_in(things.house.alice.id)
    bad = re.compile(
        r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE
    )
    found = [
        (rule.rule, match[0])
        for rule in rules(app)
        if method_of(rule) == "GET" and rule.endpoint != "static"
        for response in [client.get(path_of(rule, things.values))]
        if response.mimetype == "text/html"
        for match in [bad.search(response.text)]
        if match
    ]
    assert found == []


def test_used_revoked_and_old_links_give_one_plain_page(app: Flask, new_client: Any) -> None:
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    used, old = (
        links.token(people.add_person(f"{n}@example.org", n, "member", at)) for n in ("ann", "ben")
    )
    people.use_link(links.opened(used, at), at)
    later = links.token(people.add_person("ben@example.org", "ben", "member", at))
    db.session.commit()
    answers = [new_client().get(f"/invitation/{token}") for token in (used, old)]
    assert [answer.status_code for answer in answers] == [410, 410]
    assert len({re.sub(r'[0-9a-f]{32}|nonce="[^"]*"', "", a.text) for a in answers}) == 1
    assert later != old

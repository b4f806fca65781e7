"""Joining, signing in and out, passphrases, and the organiser's list, as a browser meets them."""

import html
import json
import re
import time
from typing import Any

import pytest
from flask import Flask

from supervision import clock as clocks
from supervision.blueprints.vault import RecoverForm
from supervision.db import db
from supervision.models.audit import AuditEntry, Installation
from supervision.models.people import LinkPurpose, Person, SignIn
from supervision.services import people, sign_ins
from supervision.web import limits
from tests import factories
from tests.support import links
from tests.support.client import Client
from tests.support.mails import mails_to
from tests.support.statements import counted

GOOD = "seven quiet herons wading"
OTHER = "brass kettle under the willow"


@pytest.fixture
def joined(app: Flask, client: Client) -> Client:
    """Ann, who joined by her invitation, in her browser."""
    token = links.token(people.add_person("ann@example.org", "Ann", "member", clocks.now()))
    db.session.commit()
    answer = join(client, token)
    assert (answer.status_code, answer.location) == (303, "/vault/recovery-code")
    return client


def join(client: Client, token: str, **changes: str) -> Any:
    return client.submit(
        f"/invitation/{token}",
        {
            "name": "Ann Abel",
            "passphrase": GOOD,
            "again": GOOD,
            "detected_zone": "America/Toronto",
        }
        | changes,
    )


def sign_in(client: Client, email: str = "ann@example.org", passphrase: str = GOOD) -> Any:
    return client.submit("/sign-in", {"email": email, "passphrase": passphrase})


def test_join_takes_the_detected_zone_and_signs_in(joined: Client) -> None:
    person = db.session.scalar(db.select(Person).where(Person.email == "ann@example.org"))
    assert person is not None
    assert (person.name, person.zone, person.state) == ("Ann Abel", "America/Toronto", "active")
    assert joined.get("/").status_code == 200


def test_first_organiser_joins_with_an_address_of_their_own(app: Flask, client: Client) -> None:
    token = links.token(people.first_organiser_link(clocks.now()))
    db.session.commit()
    refused = join(client, token, email="not an address")
    assert refused.status_code == 422
    assert join(client, token, email="Dana@Example.org").status_code == 303
    person = db.session.scalars(db.select(Person)).one()
    assert (person.email, person.role) == ("dana@example.org", "organiser")
    assert client.get("/people").status_code == 200


def test_second_start_makes_the_first_link_worthless(app: Flask, client: Client) -> None:
    old, new = (links.token(people.first_organiser_link(clocks.now())) for _ in range(2))
    db.session.commit()
    assert client.get(f"/invitation/{old}").status_code == 410
    assert client.get(f"/invitation/{new}").status_code == 200


def test_invitation_link_works_once(app: Flask, client: Client, new_client: Any) -> None:
    token = links.token(people.add_person("ann@example.org", "Ann", "member", clocks.now()))
    db.session.commit()
    join(client, token)
    assert new_client().get(f"/invitation/{token}").status_code == 410


def test_invitation_link_dies_after_seven_days(app: Flask, client: Client, clock: Any) -> None:
    token = links.token(people.add_person("ann@example.org", "Ann", "member", clocks.now()))
    db.session.commit()
    clock.shift(7 * 86400 - 1)
    assert client.get(f"/invitation/{token}").status_code == 200
    clock.shift(1)
    assert client.get(f"/invitation/{token}").status_code == 410


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "  "}, "This is needed."),
        ({"name": "x" * 101}, "Keep this to 100 characters."),
        ({"passphrase": "short", "again": "short"}, "Too short: 7 more to go."),
        (
            {"passphrase": "password1234", "again": "password1234"},
            "Very easy to guess. Choose another.",
        ),
        ({"again": OTHER}, "The two are not the same."),
    ],
)
def test_join_refuses_bad_input_and_keeps_the_rest(
    app: Flask, client: Client, changes: dict[str, str], sentence: str
) -> None:
    token = links.token(people.add_person("ann@example.org", "Ann", "member", clocks.now()))
    db.session.commit()
    answer = join(client, token, **changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    if "name" not in changes:
        assert 'value="Ann Abel"' in answer.text
    assert join(client, token).status_code == 303


def test_join_complains_of_all_in_one_round(app: Flask, client: Client) -> None:
    token = links.token(people.add_person("ann@example.org", "Ann", "member", clocks.now()))
    weak = {"passphrase": "ann@example.org", "again": "ann@example.org"}
    page = join(client, token, name="", **weak).text
    own = "It is made of your name or address. Choose another."
    assert [text in page for text in ("This is needed.", own)] == [True, True]


def test_used_reset_link_offers_another(joined: Client, new_client: Any) -> None:
    client = new_client()
    client.submit("/reset", {"email": "ann@example.org"})
    (token,) = links.mailed("ann@example.org", LinkPurpose.RESET)
    client.submit(f"/reset/{token}", {"passphrase": OTHER, "again": OTHER})
    answer = new_client().get(f"/reset/{token}")
    another = '<a href="/reset">Ask for another</a>'
    assert (answer.status_code, another in answer.text) == (410, True)


def test_passphrase_of_ones_own_name_is_refused(app: Flask, client: Client) -> None:
    token = links.token(people.add_person("ann@example.org", "Ann", "member", clocks.now()))
    db.session.commit()
    answer = join(client, token, passphrase="annabelannabel", again="annabelannabel")
    assert answer.status_code == 422


def test_sign_in_answers_alike_for_unknown_and_wrong(joined: Client, new_client: Any) -> None:
    pages = [
        sign_in(new_client(), "nobody@example.org"),
        sign_in(new_client(), passphrase=OTHER),
    ]
    assert [page.status_code for page in pages] == [422, 422]
    texts = {
        re.sub(r'value="[^"]*"|nonce="[^"]*"', "", page.text).replace("nobody", "ann")
        for page in pages
    }
    assert len(texts) == 1


def test_sign_in_goes_on_to_where_one_was_going(joined: Client, new_client: Any) -> None:
    client = new_client()
    away = client.get("/rosters")
    assert away.location == "/sign-in?next=/rosters"
    answer = client.submit(away.location, {"email": "ann@example.org", "passphrase": GOOD})
    assert answer.location == "/rosters"


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_sign_in_never_leads_to_another_host(joined: Client, new_client: Any, target: str) -> None:
    answer = new_client().submit(
        f"/sign-in?next={target}", {"email": "ann@example.org", "passphrase": GOOD}
    )
    assert answer.location == "/"


def test_eleventh_wrong_sign_in_is_throttled(joined: Client, new_client: Any) -> None:
    client = new_client()
    answers = [sign_in(client, passphrase=OTHER).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_unknown_account_is_throttled_like_a_known_one(app: Flask, client: Client) -> None:
    answers = [sign_in(client, "nobody@example.org").status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_kept_cookie_is_worthless_after_sign_out(joined: Client, new_client: Any) -> None:
    kept = joined.get_cookie("session")
    assert kept is not None
    assert joined.submit("/", button="Sign out").location == "/sign-in"
    thief = new_client()
    thief.set_cookie("session", kept.value)
    assert thief.get("/").status_code == 302


def test_sign_out_everywhere_ends_all_sign_ins(joined: Client, new_client: Any) -> None:
    other = new_client()
    sign_in(other)
    joined.submit("/profile", button="Sign out everywhere")
    assert other.get("/").status_code == 302
    assert db.session.scalars(db.select(SignIn).where(SignIn.ended_at.is_(None))).all() == []


def test_changed_passphrase_signs_out_others_and_opens_the_account(
    joined: Client, new_client: Any
) -> None:
    other = new_client()
    sign_in(other)
    answer = joined.submit(
        "/profile",
        {"current": GOOD, "passphrase": OTHER, "again": OTHER},
        button="Change passphrase",
    )
    assert (answer.status_code, answer.location) == (303, "/vault/new-key")
    offered = joined.get(answer.location).text
    assert "Does anybody else know the old one?" in offered
    assert "Somebody may know it: replace the key" in offered
    assert joined.get("/profile").status_code == 200
    assert other.get("/").status_code == 302
    assert sign_in(new_client(), passphrase=GOOD).status_code == 422
    assert sign_in(new_client(), passphrase=OTHER).status_code == 303


def test_passphrase_change_needs_the_present_one(joined: Client) -> None:
    answer = joined.submit(
        "/profile",
        {"current": OTHER, "passphrase": OTHER, "again": OTHER},
        button="Change passphrase",
    )
    assert answer.status_code == 422
    assert "This is not your present passphrase." in answer.text


@pytest.fixture
def link(app: Flask) -> str:
    """The token of Heidi's invitation."""
    made = people.add_person("heidi@example.org", "Heidi Holm", "member", clocks.now())
    db.session.commit()
    return links.token(made)


def strength_of(client: Client, passphrase: str, **more: str) -> tuple[int, str]:
    """What is said of it."""
    answer = client.send("/passphrase/strength", {"passphrase": passphrase} | more)
    said = re.search(r"<span>(.*)</span>", answer.text)
    return answer.status_code, said[1] if said else ""


EASY = "Very easy to guess. Choose another."


def test_strength_is_told_while_typing(client: Client, link: str) -> None:
    assert strength_of(client, "password1234", token=link) == (200, EASY)
    assert strength_of(client, GOOD, token=link) == (200, "Very good.")
    assert strength_of(client, "x" * 201, token=link) == (422, "")
    assert strength_of(client, GOOD, token=link, email="x" * 255) == (422, "")


def test_strength_page_sends_the_token_it_was_opened_by(client: Client, link: str) -> None:
    page = client.get(f"/invitation/{link}").text
    (values,) = re.findall(r'hx-vals="([^"]*)"', page)
    assert json.loads(html.unescape(values)) == {"token": link}


def test_strength_is_told_to_who_is_signed_in(joined: Client) -> None:
    assert strength_of(joined, GOOD) == (200, "Very good.")


def test_strength_is_told_to_nobody_else(client: Client, link: str) -> None:
    assert strength_of(client, GOOD)[0] == 404
    assert strength_of(client, GOOD, token="made up")[0] == 404
    join(client, link)
    client.send("/sign-out", {})
    assert strength_of(client, GOOD, token=link)[0] == 410


def test_strength_is_throttled_by_address(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    few = limits._throttle("strength", "2/hour", "2/hour", "2/hour")
    monkeypatch.setattr(limits, "STRENGTH", few)
    asked = [client.send("/passphrase/strength", {"passphrase": GOOD}) for _time in range(3)]
    assert [answer.status_code for answer in asked] == [404, 404, 429]
    assert int(asked[-1].headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "passphrase",
    [
        "Heidi Holm Heidi",
        "heidiholmheidiholm",
        "HEIDI.HOLM@example.org",
        "H31di-H0lm-He!di 1987",
    ],
)
def test_own_name_and_address_alone_are_no_passphrase(
    client: Client, link: str, passphrase: str
) -> None:
    refused = join(client, link, name="Heidi Holm", passphrase=passphrase, again=passphrase)
    assert refused.status_code == 422
    assert strength_of(client, passphrase, token=link)[1] in refused.text


@pytest.mark.parametrize("path", ["/sign-in", "/unlock", "/vault/begin-again"])
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("x" * 201, "Keep this to 200 characters."),
        ("a" + "\u0300" * 40_000 + "\u0316" * 40_000, "Keep this to 200 characters."),
        ("a" + "\u0300" * 40 + "\u0316" * 40, "There are too many accents on one letter."),
    ],
)
def test_passphrase_that_nobody_types_is_refused_before_any_work(
    joined: Client, monkeypatch: pytest.MonkeyPatch, path: str, typed: str, said: str
) -> None:
    def never(*_args: object) -> None:
        raise AssertionError("it was stretched")

    monkeypatch.setattr(sign_ins, "check", never)
    if path == "/sign-in":
        joined.send("/sign-out", {})
    fields = {"email": "ann@example.org", "passphrase": typed, "code": "0" * 36, "sure": "y"}
    begun = time.thread_time()
    answer = joined.send(path, fields)
    assert time.thread_time() - begun < 2
    assert (answer.status_code, said in answer.text) == (422, True)


def test_code_that_nobody_types_is_refused_before_any_work(app: Flask) -> None:
    code = "0" + "\u0300" * 40_000 + "\u0316" * 40_000
    with app.test_request_context(method="POST", data={"code": code, "passphrase": GOOD}):
        form = RecoverForm()
        begun = time.thread_time()
        assert not form.validate()
    assert time.thread_time() - begun < 2  # in order, the marks alone take a minute
    assert form.errors == {"code": ["Keep this to 100 characters."]}


def test_reset_answers_alike_and_opens_the_account(joined: Client, new_client: Any) -> None:
    client = new_client()
    for email in ("ann@example.org", "nobody@example.org"):
        answer = client.submit("/reset", {"email": email})
        assert (answer.status_code, answer.location) == (303, "/sign-in")
    (mail,) = [one for one in mails_to("ann@example.org") if one.event.startswith("reset:")]
    assert mails_to("nobody@example.org") == []
    path = re.search(r"/reset/\S+", mail.body)
    assert path is not None
    answer = client.submit(path[0], {"passphrase": OTHER, "again": OTHER})
    assert answer.status_code == 303
    assert client.get("/rosters").status_code == 200
    assert joined.get("/").status_code == 302
    assert new_client().get(path[0]).status_code == 410


@pytest.mark.parametrize("path", ["/reset/made-up", "/invitation/made-up"])
def test_link_that_is_none_takes_no_place_and_is_counted(new_client, monkeypatch, path) -> None:
    def never(_places: limits.Places, _address: str) -> Any:
        raise AssertionError

    few = limits._throttle("few", "2/hour", "2/hour", "2/hour")
    monkeypatch.setattr(limits, "RESET_LINK", few)
    monkeypatch.setattr(limits, "INVITATION", few)
    monkeypatch.setattr(limits.Places, "one", never)
    client = new_client()
    assert [client.send(path, {}).status_code for _ in range(3)] == [404, 404, 429]


def reset_by_mail(client: Client) -> Any:
    client.submit("/reset", {"email": "ann@example.org"})
    (token,) = links.mailed("ann@example.org", LinkPurpose.RESET)
    return client.submit(f"/reset/{token}", {"passphrase": OTHER, "again": OTHER})


def test_after_a_reset_it_is_said_that_the_notes_are_closed(
    joined: Client, new_client: Any
) -> None:
    """Once as the answer, and on home until they are open again."""
    client = new_client()
    reset_by_mail(client)
    pages = [client.get("/").text for _ in range(2)]
    flash = "Your new passphrase is set. Your notes stay closed until you enter your recovery code."
    waits = '<a href="/vault/recover">Enter your recovery code</a>'
    assert [(flash in page, waits in page) for page in pages] == [(True, True), (False, True)]
    assert waits not in joined.get("/").text


@pytest.mark.parametrize("email", ["carol@", "ann@example.org, eve@example.org", "änn@example.org"])
def test_reset_for_what_is_no_address_is_refused_beside_its_field(
    app: Flask, client: Client, email: str
) -> None:
    answer = client.submit("/reset", {"email": email})
    assert (answer.status_code, 'id="email-error"' in answer.text) == (422, True)
    assert f'value="{html.escape(email)}"' in answer.text


def test_without_mail_no_page_promises_one(joined: Client, new_client: Any) -> None:
    """Nothing is set up in tests, as on a server that somebody has just begun with."""
    client, none = new_client(), "No mail is set up here"
    asked = client.get("/reset").text
    client.submit("/reset", {"email": "ann@example.org"})
    told = client.get("/sign-in").text
    assert [none in page for page in (asked, told)] == [True, True]
    assert "on its way" not in told
    dana = new_client()
    dana.sign_in(factories.person("dana", role="organiser").id)
    assert none in dana.get("/people/mail").text


def test_demo_points_to_where_its_mails_are(app: Flask, client: Client) -> None:
    db.session.add(Installation(id=1, demo=True, created_at=clocks.now()))
    bob = factories.person("bob")
    peers = factories.roster(bob, kind="peer")
    client.sign_in(bob.id)
    invited = client.submit(f"/rosters/{peers.id}", {"email": "new@example.org"}, button="Invite")
    pages = [client.get(invited.location).text, client.get("/reset").text]
    assert [("/dev/mail" in page, "ask an organiser" in page) for page in pages] == [
        (True, False)
    ] * 2


def test_page_of_too_many_tries_says_until_when_and_what_else(app: Flask, client: Client) -> None:
    answers = [sign_in(client, "nobody@example.org") for _ in range(11)]
    page = answers[-1].text
    seconds = int(answers[-1].headers["Retry-After"])
    assert f"Try again in about {-(-seconds // 60)} minutes." in page
    assert "Until then even the right one is not tried." in page
    assert '<a href="/reset">I forgot my passphrase</a>' in page


def test_profile_refuses_an_unknown_zone_and_keeps_what_was_typed(joined: Client) -> None:
    answer = joined.submit(
        "/profile", {"name": "Ann B.", "zone": "Mars/Olympus"}, button="Save profile"
    )
    assert answer.status_code == 422
    assert 'value="Ann B."' in answer.text
    assert joined.submit("/profile", {"name": "Ann B."}, button="Save profile").status_code == 303


def test_organiser_invites_and_withdraws(app: Flask, client: Client, new_client: Any) -> None:
    dana = factories.person("dana")
    client.sign_in(dana.id)
    page = client.submit("/people", {"email": "Ben@Example.org"}, button="Invite")
    link = re.search(r"/invitation/[\w-]{64}", page.text)
    assert link is not None
    assert new_client().get(link[0]).status_code == 200
    assert client.submit("/people", button="Withdraw").status_code == 303
    assert new_client().get(link[0]).status_code == 410
    acts = db.session.scalars(db.select(AuditEntry.act).order_by(AuditEntry.id)).all()
    assert list(acts) == ["people.sign_in", "people.invite", "people.revoke_link"]


def test_last_organiser_stays_organiser(app: Flask, client: Client) -> None:
    dana = factories.person("dana")
    client.sign_in(dana.id)
    answer = client.send(f"/people/{dana.id}/role", {"role": "member"})
    assert answer.status_code == 422
    assert "Somebody must remain organiser." in answer.text


def test_uploaded_part_never_touches_the_disk(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_file(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a part of a form went to the disk")

    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", no_file)
    parts = [
        ("csrf_token", client.csrf_token().encode()),
        ('file"; filename="n.txt', b"x" * 800_000),
    ]
    body = b"".join(
        b'--edge\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), text)
        for name, text in parts
    )
    kind = "multipart/form-data; boundary=edge"
    assert client.post("/reset", data=body + b"--edge--\r\n", content_type=kind).status_code == 422


def test_people_list_takes_as_many_statements_for_one_as_for_thirty(
    app: Flask, client: Client
) -> None:
    dana = factories.person("dana")
    client.sign_in(dana.id)
    with counted() as few:
        client.get("/people")
    for number in range(30):
        people.add_person(f"p{number}@example.org", "Pat", "member", clocks.now())
    with counted() as many:
        client.get("/people")
    assert len(few) == len(many) <= 6


def told(email: str = "ann@example.org") -> list[str]:
    return [one.subject for one in mails_to(email) if one.event.startswith("passphrase:")]


def change(client: Client, new: str) -> Any:
    return client.submit(
        "/profile", {"current": GOOD, "passphrase": new, "again": new}, button="Change passphrase"
    )


def test_same_passphrase_again_is_no_change(joined: Client, new_client: Any) -> None:
    other = new_client()
    sign_in(other)
    answer = change(joined, GOOD)
    assert answer.status_code == 422
    assert "This is your present passphrase. Choose another one." in answer.text
    assert other.get("/rosters").status_code == 200
    assert told() == []


def test_mail_tells_of_each_change_and_each_reset(joined: Client, new_client: Any) -> None:
    assert change(joined, OTHER).status_code == 303
    client = new_client()
    client.submit("/reset", {"email": "ann@example.org"})
    (token,) = links.mailed("ann@example.org", LinkPurpose.RESET)
    client.submit(f"/reset/{token}", {"passphrase": GOOD, "again": GOOD})
    assert told() == ["Your passphrase was changed", "A new passphrase was set by mail"]


def test_mail_of_a_passphrase_says_when_where_and_what_to_do(clock: Any, joined: Client) -> None:
    """Ann has typed no recovery code back, so none is promised to open anything."""
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0"}
    data = {"current": GOOD, "passphrase": OTHER, "again": OTHER}
    joined.submit("/profile", data, button="Change passphrase", headers=browser)
    body = mails_to("ann@example.org")[-1].body
    assert [
        words in body
        for words in (
            "On Mon 23 Nov 2026, 04:00 (Toronto) the passphrase of your account was changed",
            "was changed in Firefox on Linux, by somebody who gave the former one.",
            "If this was you, there is nothing to do.",
            "http://localhost/reset",
            "no recovery code of yours is in force",
            "Your notes open again with your recovery code.",
        )
    ] == [True] * 5 + [False]


def test_reset_link_ends_with_a_change_of_the_passphrase(joined: Client, new_client: Any) -> None:
    new_client().submit("/reset", {"email": "ann@example.org"})
    (token,) = links.mailed("ann@example.org", LinkPurpose.RESET)
    assert change(joined, OTHER).status_code == 303
    assert new_client().get(f"/reset/{token}").status_code == 410

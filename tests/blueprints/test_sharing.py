"""Sharing over HTTP: choose, look over, share, read, write back, compare; closed to others."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from supervision.blueprints.sharing import giving, parts
from supervision.db import db
from supervision.domain.names import likely_names
from supervision.domain.passages import own_words
from supervision.models.audit import Replay
from supervision.models.sharing import KeyPin, Share, ShareComment, ShareOpening, ShareSeal
from supervision.services import sharing
from tests.support.client import Client, Form, Forms
from tests.support.sharing import TEXT, Open, compare_all, give, opened, write
from tests.support.vaults import PASSPHRASE, WRONG, bare, enter, pepper

LONGER = "I hurried M. again.\n\nThen I rang Mrs Miller at noon.\n\nIt was late."


@pytest.fixture
def place(app, clock) -> Open:
    return opened()


@pytest.fixture
def compared(place: Open) -> Open:
    compare_all(place)
    return place


@pytest.fixture
def enter_as(new_client) -> Callable[..., Client]:
    return lambda who: enter(new_client(), who)


def count(model: type[object]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def choose(client: Client, note_id: UUID, **values: str | list[str]) -> Form:
    """The choice sent; the form of the page that looks it over."""
    answer = client.submit(f"/notes/{note_id}/share", {"step": "look", **values}, "Look it over")
    assert answer.status_code == 200, answer.status
    return next(form for form in Forms(answer.text).found if "Back" in form.buttons)


def send(client: Client, form: Form, step: str = "share", **values: object):
    return client.post(form.action, data=form.values | values | {"step": step})


# -- sharing -------------------------------------------------------------------------------


def test_paragraph_is_shared_and_nothing_else_is_read(compared, enter_as):
    note_id = write(compared, LONGER)
    bobs, alices = enter_as(compared.bob), enter_as(compared.alice)
    form = choose(bobs, note_id, paragraphs=["0"], people=[str(compared.alice.id)])
    answer = send(bobs, form)
    share_id = answer.location.rpartition("/")[2]
    page = alices.get(f"/shared/{share_id}").text
    assert (answer.status_code, answer.location) == (303, f"/sharing/{share_id}")
    assert ["I hurried M. again." in page, "It was late." in page, "After the hour" in page] == [
        True,
        False,
        False,
    ]
    assert f'href="/shared/{share_id}"' in alices.get("/shared").text


def test_likely_name_is_shown_before_it_is_shared(compared, enter_as):
    note_id = write(compared, LONGER)
    bobs = enter_as(compared.bob)
    whom = [str(compared.alice.id)]
    answer = bobs.submit(
        f"/notes/{note_id}/share",
        {"step": "look", "paragraphs": ["1"], "people": whom},
        "Look it over",
    )
    assert "<mark>Mrs Miller</mark>" in answer.text
    assert "a name after a form of address" in answer.text
    form = next(form for form in Forms(answer.text).found if "Back" in form.buttons)
    assert (form.buttons[0], count(Share)) == ("Share it all the same", 0)
    assert send(bobs, form).status_code == 303


def test_no_name_is_looked_for_while_others_wait_to_write(compared, enter_as, monkeypatch):
    def watched(name, real):
        def watch(*args):
            session = db.session()
            is_writing = session.in_transaction() and "lock" in session.connection().info
            seen.append((name, is_writing))
            return real(*args)

        return watch

    seen: list[tuple[str, bool]] = []
    monkeypatch.setattr(giving, "likely_names", watched("names", likely_names))
    monkeypatch.setattr(sharing, "share", watched("share", sharing.share))
    note_id, bobs = write(compared, LONGER), enter_as(compared.bob)
    form = choose(bobs, note_id, paragraphs=["0"], people=[str(compared.alice.id)])
    assert send(bobs, form).status_code == 303
    assert seen == [("names", False), ("names", False), ("share", True)]


def test_name_that_was_written_while_looking_is_shown_first(compared, enter_as):
    note_id = write(compared, LONGER)
    bobs = enter_as(compared.bob)
    form = choose(bobs, note_id, paragraphs=["0"], people=[str(compared.alice.id)])
    answer = send(bobs, form, text="I hurried Sarah again.")
    assert (answer.status_code, "<mark>Sarah</mark>" in answer.text, count(Share)) == (
        200,
        True,
        0,
    )


def test_back_keeps_what_was_chosen(compared, enter_as):
    note_id = write(compared, LONGER)
    bobs = enter_as(compared.bob)
    form = choose(bobs, note_id, paragraphs=["0"], people=[str(compared.alice.id)])
    answer = send(bobs, form, step="back", text="My own words.")
    kept = next(form for form in Forms(answer.text).found if "Look it over" in form.buttons)
    assert (kept.values["text"], kept.values["people"]) == (
        ["My own words."],
        [str(compared.alice.id)],
    )


def test_whole_reflection_is_shared_with_everybody_in_a_roster(compared, enter_as):
    note_id = write(compared, LONGER)
    bobs = enter_as(compared.bob)
    form = choose(bobs, note_id, kind="revision", rosters=[str(compared.house.group)])
    share_id = send(bobs, form).location.rpartition("/")[2]
    for reader in (compared.alice, compared.carol):
        page = enter_as(reader).get(f"/shared/{share_id}").text
        assert ["After the hour" in page, "It was late." in page] == [True, True]


def test_followed_reflection_shows_the_next_save(compared, enter_as):
    note_id = write(compared, LONGER)
    bobs, alices = enter_as(compared.bob), enter_as(compared.alice)
    form = choose(bobs, note_id, kind="follow", people=[str(compared.alice.id)])
    share_id = send(bobs, form).location.rpartition("/")[2]
    bobs.submit(f"/notes/{note_id}/edit", {"reflection": "Another day."}, button="Save")
    page = alices.get(f"/shared/{share_id}").text
    assert ["It was late." in page, "Another day." in page] == [False, True]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"paragraphs": ["0"]}, "Choose with whom."),
        ({"people": "alice"}, "There is nothing to share yet."),
        ({"people": "alice", "text": "x" * 50_001}, "Keep this to 50,000 characters."),
    ],
)
def test_choice_that_is_not_whole_keeps_its_input(compared, enter_as, values, sentence):
    note_id = write(compared, LONGER)
    whom = {"people": [str(compared.alice.id)]} if "people" in values else {}
    answer = enter_as(compared.bob).submit(
        f"/notes/{note_id}/share", {"step": "look"} | values | whom, "Look it over"
    )
    kept = next(form for form in Forms(answer.text).found if "Look it over" in form.buttons)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert kept.values.get("people") == whom.get("people")
    assert kept.values.get("paragraphs") == values.get("paragraphs")


def test_form_sent_twice_shares_once_and_leaves_no_trace(compared, enter_as):
    note_id = write(compared, LONGER)
    bobs = enter_as(compared.bob)
    form = choose(bobs, note_id, paragraphs=["0"], people=[str(compared.alice.id)])
    answers = {send(bobs, form).location for _ in range(2)}
    assert (len(answers), count(Share), count(Replay)) == (1, 1, 0)


def test_stranger_cannot_be_chosen(compared, enter_as):
    note_id = write(compared, LONGER)
    answers = [
        enter_as(compared.bob).submit(
            f"/notes/{note_id}/share",
            {"step": "look", "paragraphs": ["0"], **whom},
            "Look it over",
        )
        for whom in (
            {"people": [str(compared.house.charlie.id)]},
            {"people": [str(uuid4())]},
            {"rosters": [str(uuid4())]},
        )
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({bare(answer.text) for answer in answers}) == 1


def test_key_of_a_form_is_its_person_s_own(compared, enter_as):
    note_id, bobs = write(compared, LONGER), enter_as(compared.bob)
    form = choose(bobs, note_id, paragraphs=["0"], people=[str(compared.alice.id)])
    answer = send(bobs, form, key=parts.new_key(compared.alice))
    assert (answer.status_code, count(Share)) == (422, 0)


def test_note_says_what_of_it_is_shared(compared, enter_as):
    note_id = write(compared, LONGER)
    bobs = enter_as(compared.bob)
    before = bobs.get(f"/notes/{note_id}").text
    share_id = give(compared, note_id, compared.alice)
    after = bobs.get(f"/notes/{note_id}").text
    assert f'href="/sharing/{share_id}"' in after
    assert ["Nobody but you can read any of it." in page for page in (before, after)] == [
        True,
        False,
    ]


# -- reading and writing back --------------------------------------------------------------


def test_reader_s_opening_is_kept_before_anything_is_shown(compared, enter_as):
    share_id = give(compared, write(compared), compared.alice)
    enter_as(compared.alice).get(f"/shared/{share_id}")
    assert count(ShareOpening) == 1
    page = enter_as(compared.bob).get(f"/sharing/{share_id}").text
    assert "Alice Ashworth" in page.partition("Who has opened it")[2]


def test_locked_reader_is_asked_to_unlock(compared, enter_as):
    share_id = give(compared, write(compared), compared.alice)
    alices = enter_as(compared.alice)
    alices.send("/lock")
    answer = alices.get(f"/shared/{share_id}")
    assert answer.location == f"/unlock?next=/shared/{share_id}"
    assert count(ShareOpening) == 0


def test_comment_reaches_the_writer_alone(compared, enter_as):
    share_id = give(compared, write(compared), compared.alice, compared.carol)
    enter_as(compared.alice).submit(f"/shared/{share_id}", {"text": "What did you *feel*?"}, "Send")
    pages = {
        who: enter_as(getattr(compared, who)).get(f"{path}/{share_id}").text
        for who, path in (("bob", "/sharing"), ("alice", "/shared"), ("carol", "/shared"))
    }
    assert {who: "What did you *feel*?" in page for who, page in pages.items()} == {
        "bob": True,
        "alice": True,
        "carol": False,
    }


def test_refused_comment_keeps_its_words_and_shows_no_passage(compared, enter_as):
    share_id = give(compared, write(compared), compared.alice)
    words = "x" * 5_001
    answer = enter_as(compared.alice).submit(f"/shared/{share_id}", {"text": words}, "Send")
    assert (answer.status_code, words in answer.text, TEXT in answer.text) == (422, True, False)
    assert count(ShareComment) == 0


def test_taken_back_is_like_nothing_at_once(compared, enter_as):
    share_id = give(compared, write(compared), compared.alice, compared.carol)
    bobs, alices = enter_as(compared.bob), enter_as(compared.alice)
    assert alices.get(f"/shared/{share_id}").status_code == 200
    answer = bobs.send(f"/sharing/{share_id}/revoke", {"reader": str(compared.alice.id)})
    assert answer.status_code == 303
    gone, never = alices.get(f"/shared/{share_id}"), alices.get(f"/shared/{uuid4()}")
    assert (gone.status_code, bare(gone.text) == bare(never.text)) == (404, True)
    assert enter_as(compared.carol).get(f"/shared/{share_id}").status_code == 200


def test_reader_that_is_no_id_is_not_everybody(compared, enter_as):
    share_id = give(compared, write(compared), compared.alice)
    answer = enter_as(compared.bob).send(f"/sharing/{share_id}/revoke", {"reader": "nobody"})
    assert answer.status_code == 404
    assert enter_as(compared.alice).get(f"/shared/{share_id}").status_code == 200


def test_taking_back_from_everybody_needs_no_unlocked_vault(compared, enter_as):
    share_id = give(compared, write(compared), compared.alice)
    bobs = enter_as(compared.bob)
    bobs.send("/lock")
    one = bobs.send(f"/sharing/{share_id}/revoke", {"reader": str(compared.alice.id)})
    assert (one.location.partition("?")[0], count(ShareSeal)) == ("/unlock", 1)
    assert bobs.send(f"/sharing/{share_id}/revoke").status_code == 303
    assert count(ShareSeal) == 0


HOSTILE = (
    "<script>alert(1)</script>\n\n[x](javascript:alert(1))\n\n<a hx-get='/lock'>y</a>\n\n"
    "![z](https://evil.example/z.png)\n\n<svg onload=alert(1)>"
)


def test_attack_30_markdown_of_a_passage_is_inert(compared, enter_as):
    share_id = give(compared, write(compared), compared.alice, passage=own_words(HOSTILE))
    page = enter_as(compared.alice).get(f"/shared/{share_id}").text
    read = page.partition('class="passage"')[2].partition("</section>")[0]
    bad = ("<script", "<svg", "<img", "<a hx-get", 'href="javascript:')
    assert [one for one in bad if one in read] == []


def test_attack_35_share_without_a_token_is_refused(compared, enter_as):
    note_id = write(compared, LONGER)
    bobs = enter_as(compared.bob)
    form = choose(bobs, note_id, paragraphs=["0"], people=[str(compared.alice.id)])
    values = form.values | {"step": "share"}
    bare_ = {name: value for name, value in values.items() if name != "csrf_token"}
    assert bobs.post(form.action, data=bare_).status_code == 400
    site = {"Sec-Fetch-Site": "cross-site"}
    assert bobs.post(form.action, data=values, headers=site).status_code == 403
    assert count(Share) == 0
    assert send(bobs, form).status_code == 303


# -- comparing words -----------------------------------------------------------------------


def check(client: Client, person_id: UUID, passphrase: str = PASSPHRASE):
    return client.submit(
        f"/sharing/people/{person_id}", {"passphrase": passphrase}, "The words are the same"
    )


def test_both_pages_show_the_same_words(place, enter_as):
    words = sharing.compare(place.bob, place.of(place.bob), pepper(), place.alice.id).words
    pages = [
        enter_as(one).get(f"/sharing/people/{other.id}").text
        for one, other in ((place.bob, place.alice), (place.alice, place.bob))
    ]
    shown = "".join(f"<li>{word}</li>" for word in words)
    assert [shown in page for page in pages] == [True, True]


def test_words_count_only_with_the_passphrase(place, enter_as):
    bobs = enter_as(place.bob)
    assert (check(bobs, place.alice.id, WRONG).status_code, count(KeyPin)) == (422, 0)
    assert (check(bobs, place.alice.id).status_code, count(KeyPin)) == (303, 1)
    assert "Words compared" in bobs.get("/sharing/people").text


def test_check_goes_back_to_where_it_came_from(place, enter_as):
    target = f"/notes/{uuid4()}/share"
    page = f"/sharing/people/{place.alice.id}?next={target}"
    answer = enter_as(place.bob).submit(page, {"passphrase": PASSPHRASE}, "The words are the same")
    assert answer.location == target


def test_words_of_a_stranger_are_like_nobody_s(place, enter_as):
    bobs = enter_as(place.bob)
    answers = [
        bobs.get(f"/sharing/people/{one}")
        for one in (place.house.charlie.id, uuid4(), place.bob.id)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({bare(answer.text) for answer in answers}) == 1


def test_person_without_words_cannot_be_ticked(place, enter_as):
    note_id = write(place, LONGER)
    page = enter_as(place.bob).get(f"/notes/{note_id}/share").text
    assert f'value="{place.alice.id}"' not in page
    assert f'href="/sharing/people/{place.alice.id}?next=/notes/{note_id}/share"' in page


# -- closed to others ----------------------------------------------------------------------

PAGES = ("/shared/{}", "/sharing/{}")
ACTS = ("/shared/{}/comments", "/sharing/{}/revoke", "/sharing/{}/again")


@pytest.mark.parametrize("who", ["carol", "charlie", "dana"])
def test_attack_24_share_of_bob_s_with_alice_is_like_an_unknown_one(
    compared, new_client, enter_as, who
):
    """As a peer, a stranger and an organiser: unlocked where they have a vault."""
    share_id = give(compared, write(compared), compared.alice)
    person = getattr(compared.house, who)
    if who == "carol":
        client = enter_as(person)
    else:
        client = new_client()
        client.sign_in(person.id)
    for path in PAGES:
        answers = [client.get(path.format(one)) for one in (share_id, uuid4())]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert bare(answers[0].text) == bare(answers[1].text)
    for path in ACTS:
        answers = [client.send(path.format(one)) for one in (share_id, uuid4())]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert bare(answers[0].text) == bare(answers[1].text)


def test_attack_24_reader_is_no_owner_and_owner_no_reader(compared, enter_as):
    share_id = give(compared, write(compared), compared.alice)
    alices, bobs = enter_as(compared.alice), enter_as(compared.bob)
    answers = [
        alices.get(f"/sharing/{share_id}").status_code,
        alices.send(f"/sharing/{share_id}/revoke").status_code,
        alices.send(f"/sharing/{share_id}/again").status_code,
        bobs.get(f"/shared/{share_id}").status_code,
        bobs.send(f"/shared/{share_id}/comments").status_code,
    ]
    assert (answers, count(ShareSeal)) == ([404] * 5, 1)


def test_attack_24_reader_gets_nothing_of_the_note(compared, enter_as):
    note_id = write(compared)
    give(compared, note_id, compared.alice)
    alices = enter_as(compared.alice)
    paths = ("", "?version=1", "/edit", "/share")
    assert [alices.get(f"/notes/{note_id}{path}").status_code for path in paths] == [404] * 4


def test_share_shows_to_another_where_nobody_looks_whose_it_is(compared, enter_as, monkeypatch):
    share_id = give(compared, write(compared), compared.alice)
    monkeypatch.setattr(sharing, "seen_own", lambda *parts: None)

    def anybody_s(actor, keys, pepper, wanted):
        return real(compared.bob, compared.of(compared.bob), pepper, wanted)

    real = sharing.own_share
    monkeypatch.setattr(sharing, "own_share", anybody_s)
    assert TEXT in enter_as(compared.carol).get(f"/sharing/{share_id}").text

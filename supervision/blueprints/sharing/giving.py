"""Sharing from a note: choose, look it over, share. Nothing is kept between the steps."""

from functools import partial
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response

from supervision import clock
from supervision.blueprints.sharing.forms import ShareForm, can_be_ticked
from supervision.blueprints.sharing.parts import bp, id_of, new_key, shown, to_unlock
from supervision.domain.names import Hit, Why, likely_names
from supervision.domain.passages import (
    Passage,
    ShareKind,
    chosen_text,
    own_words,
    paragraphs,
    text_of,
    whole,
)
from supervision.domain.reflections import Words
from supervision.domain.vault import Keys
from supervision.errors import Conflict, Invalid, NotFound
from supervision.services import notes, sharing
from supervision.services.sharing import Gift
from supervision.web import transactions, typed, unlocking
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page
from supervision.web.settings import base_url

REASONS = {
    Why.EMAIL: lazy("looks like an email address"),
    Why.PHONE: lazy("looks like a phone number"),
    Why.BIRTH: lazy("looks like a date, perhaps of birth"),
    Why.POSTCODE: lazy("looks like a postcode"),
    Why.PLACE: lazy("looks like a place"),
    Why.HONORIFIC: lazy("a name after a form of address"),
    Why.GIVEN_NAME: lazy("a given name"),
    Why.CAPITAL: lazy("a capital where no sentence begins"),
}


@bp.get("/notes/<uuid:note_id>/share")
@signed_in
def choose(note_id: UUID) -> Response:
    notes.own_note(viewer(), note_id)
    keys = unlocking.opened()
    if keys is None:
        return to_unlock()
    form = ShareForm(formdata=None)
    found = notes.note(viewer(), keys, note_id, request.args.get("version", type=typed.number))
    if found.reflection is None:
        return redirect(url_for("notes.show", note_id=note_id))
    form.revision.data, form.key.data = str(found.number), new_key(viewer())
    return _choose_page(200, note_id, keys, form, found.reflection.words)


@bp.post("/notes/<uuid:note_id>/share")
@signed_in
@transactions.by_hand
def share(note_id: UUID) -> Response:
    """Look over what was chosen; share it once everything that looks like a name was shown."""
    notes.own_note(viewer(), note_id)
    keys, form = unlocking.keys(), ShareForm()
    words = _words(keys, note_id)
    form.validate()
    if form.errors or form.step.data == "back":
        return _choose_page(422 if form.errors else 200, note_id, keys, form, words)
    try:
        gift = Gift(id_of(viewer(), form.key.data), note_id, _kind(form), _passage(form, words))
        choice = _choice(keys, form)
        sharing.check_gift(gift, choice)
        hits = likely_names(text_of(gift.passage))
        if form.step.data != "share" or not {hit.text for hit in hits} <= set(form.seen.data):
            return _look_page(note_id, form, gift, choice, hits)
        transactions.in_one(partial(_give, keys, form, gift))
    except (Invalid, Conflict) as error:
        form.refuse(error)
        return _choose_page(422, note_id, keys, form, words)
    flash(_("Shared."))
    return redirect(url_for("sharing.own", share_id=gift.id), 303)


def _choice(keys: Keys, form: ShareForm) -> sharing.Choice:
    circles = sharing.circles_of(viewer(), keys)
    return sharing.choice_of(circles, form.people.data, form.rosters.data)


def _give(keys: Keys, form: ShareForm, gift: Gift) -> None:
    """Asked anew within the transaction: who can be given something may have changed meanwhile."""
    sharing.share(viewer(), clock.now(), keys, gift, _choice(keys, form), base_url())


def _words(keys: Keys, note_id: UUID) -> Words:
    """The words of the revision that the form was made from. Raises NotFound."""
    number = request.form.get("revision", type=typed.number)
    found = notes.note(viewer(), keys, note_id, number)
    if found.reflection is None:
        raise NotFound
    return found.reflection.words


def _kind(form: ShareForm) -> ShareKind:
    return ShareKind(form.kind.data)


def _passage(form: ShareForm, words: Words) -> Passage:
    if _kind(form) is not ShareKind.PASSAGE:
        return whole(words)
    return own_words(form.text.data or chosen_text(words, set(form.paragraphs.data)))


def _choose_page(status: int, note_id: UUID, keys: Keys, form: ShareForm, words: Words) -> Response:
    circles = sharing.circles_of(viewer(), keys)
    people = sorted(sharing.people_of(circles).values(), key=lambda one: one.name.casefold())
    return page(
        "sharing/choose.html",
        status,
        note_id=note_id,
        form=form,
        title=words.title,
        paragraphs=paragraphs(words),
        people=people,
        circles=[one for one in circles if can_be_ticked(one)],
    )


def _look_page(
    note_id: UUID, form: ShareForm, gift: Gift, choice: sharing.Choice, hits: list[Hit]
) -> Response:
    form.text.data = text_of(gift.passage) if gift.kind is ShareKind.PASSAGE else ""
    return page(
        "sharing/look.html",
        note_id=note_id,
        form=form,
        gift=gift,
        blocks=shown(gift.passage),
        choice=choice,
        hits=hits,
        reasons=REASONS,
    )

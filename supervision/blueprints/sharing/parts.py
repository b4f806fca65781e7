"""What the pages of sharing have in common: the blueprint, keys of forms, passages as HTML."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from flask import Blueprint, current_app, redirect, request, url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer
from markupsafe import Markup
from werkzeug.wrappers import Response

from supervision.domain.markdown import Allowance, to_html
from supervision.domain.passages import Passage
from supervision.errors import N_, Conflict
from supervision.permissions import Actor
from supervision.web import typed

bp = Blueprint("sharing", __name__)


@dataclass(frozen=True)
class Shown:
    """One block of a passage as it is read: what was asked, and what was answered."""

    label: str
    html: Markup


def shown(passage: Passage) -> list[Shown]:
    allowance = Allowance()
    # Safe: to_html passes everything through an allow-list.
    html = [Markup(to_html(block.text, allowance)) for block in passage.blocks]  # noqa: S704
    labels = [", ".join(_(label) for label in block.labels) for block in passage.blocks]
    return [Shown(*both) for both in zip(labels, html, strict=True)]


def to_unlock() -> Response:
    """Ask for the passphrase, and come back to this very address."""
    return redirect(url_for("vault.unlock", next=request.full_path.rstrip("?")))


def wanted_page() -> int:
    return max(1, request.args.get("page", 1, type=typed.number))


# A form about notes leaves no trace for a replay: what it makes has an id from its first showing.


def new_key(actor: Actor) -> str:
    return str(_signer(actor).dumps(uuid4().hex))


def id_of(actor: Actor, key: str | None) -> UUID:
    """The id that a form's key stands for. Raises Conflict for a key that is not this person's."""
    try:
        return UUID(_signer(actor).loads(key or ""))
    except BadSignature:
        raise Conflict(N_("This page is too old. Open it again to go on.")) from None


def _signer(actor: Actor) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"sharing {actor.id}")

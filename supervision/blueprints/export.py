"""Taking everything of one's own away: sealed, or after a warning plain."""

from collections.abc import Callable, Iterator
from functools import partial

from flask import Blueprint
from flask import Response as FlaskResponse
from flask_babel import lazy_gettext as lazy
from werkzeug.wrappers import Response
from wtforms import BooleanField
from wtforms.validators import InputRequired

from supervision import clock
from supervision.domain import vault
from supervision.domain.export import zipped
from supervision.permissions import Actor
from supervision.services import export, sign_ins
from supervision.services.sign_ins import Opened
from supervision.web import limits, passphrases, transactions
from supervision.web.auth import signed_in, viewer
from supervision.web.fragments import page
from supervision.web.proving import ProofForm, prove
from supervision.web.settings import settings
from supervision.web.streaming import streamed

bp = Blueprint("export", __name__)
CLOSED = lazy(
    "Your notes are closed since your passphrase was reset. Open them with your recovery code "
    "first."
)
Wrap = Callable[[Iterator[bytes]], Iterator[bytes]]


class SealedForm(ProofForm):
    passphrase = passphrases.new_passphrase_field(lazy("A passphrase for the archive"))
    again = passphrases.again_field("passphrase")


class PlainForm(ProofForm):
    sure = BooleanField(
        lazy("I will keep the file where nobody else can read it"),
        [InputRequired(lazy("Tick this if you are sure."))],
    )


@bp.get("/export")
@signed_in
def index() -> Response:
    return page("export/index.html", form=SealedForm())


@bp.post("/export")
@signed_in
@transactions.by_hand
@limits.in_turn
def sealed() -> Response:
    """The archive under a passphrase of its own; Argon2 runs twice, in no transaction."""
    actor, form = viewer(), SealedForm()
    opened = prove(actor, form, form.present) if _strong(form, actor) else None
    if opened is None or not _opens(form, opened):
        return page("export/index.html", 422, form=form)
    key = vault.archive_key(form.passphrase.data, sign_ins.policy(settings()))
    return _archive(actor, opened, partial(vault.seal_archive, key), "zip.sealed")


@bp.get("/export/plain")
@signed_in
def plain_form() -> Response:
    return page("export/plain.html", form=PlainForm())


@bp.post("/export/plain")
@signed_in
@transactions.by_hand
def plain() -> Response:
    actor, form = viewer(), PlainForm()
    opened = prove(actor, form, form.present)
    if opened is None or not _opens(form, opened):
        return page("export/plain.html", 422, form=form)
    return _archive(actor, opened, None, "zip")


def _strong(form: SealedForm, actor: Actor) -> bool:
    if not form.validate_on_submit():
        return False
    try:
        passphrases.check(form.passphrase.data, [actor.email, actor.name])
    except ValueError as error:
        form.passphrase.errors = [*form.passphrase.errors, str(error)]
        return False
    return True


def _opens(form: ProofForm, opened: Opened) -> bool:
    """Whether the vault is open to this passphrase: after a reset by mail it is not."""
    if opened.keys is None:
        form.form_errors.append(str(CLOSED))
    return opened.keys is not None


def _archive(actor: Actor, opened: Opened, wrap: Wrap | None, ending: str) -> Response:
    at, keys, pepper = clock.now(), opened.keys, settings().pepper.encode()
    assert keys is not None
    transactions.in_one(lambda: export.keep_export(actor, at, sealed=wrap is not None))

    def make() -> Iterator[bytes]:
        parts = zipped(export.files(actor, keys, pepper), at)
        return wrap(parts) if wrap else parts

    name = f"supervision-{clock.today(actor.zone)}.{ending}"
    kind = "application/octet-stream" if wrap else "application/zip"
    response = FlaskResponse(streamed(make), mimetype=kind)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response

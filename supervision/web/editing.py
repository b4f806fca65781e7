"""The signed word of what an open editor of notes edits."""

from uuid import UUID, uuid4

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from supervision.permissions import Actor
from supervision.services.notes import Edit


def _signer(actor: Actor) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"editing {actor.id}")


def sign(actor: Actor, edit: Edit) -> str:
    """The word of an open editor, good for this person and this note alone.

    Without it nothing is made under an id, so nobody learns whether an id is somebody else's.
    """
    return str(_signer(actor).dumps([edit.note_id.hex, edit.editor.hex, edit.base]))


def signed(actor: Actor, note_id: UUID, word: str | None) -> Edit | None:
    """What such a word says, or None when it is not ours, not theirs or of another note."""
    try:
        note, editor, base = _signer(actor).loads(word or "")
    except BadSignature:
        return None
    edit = Edit(UUID(note), UUID(editor), int(base))
    return edit if edit.note_id == note_id else None


def fresh(note_id: UUID | None = None, base: int = 0) -> Edit:
    """A new editor: of a note from its revision `base`, or of a new note."""
    return Edit(note_id or uuid4(), uuid4(), base)

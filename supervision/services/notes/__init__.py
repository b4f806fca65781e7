"""Notes: private reflections, sealed before they touch the database.

Only what a stored row must show is outside the envelope: whose it is, and the local day it began.
Saves of notes leave their lines in the audit log with the day alone, for the same reason.
"""

from supervision.services.notes.agenda import AgendaItem, agenda, take_up
from supervision.services.notes.deleting import (
    UNDO,
    Deleted,
    delete_note,
    has_deleted,
    just_deleted,
    purge_deleted,
    undelete_note,
)
from supervision.services.notes.finding import Choices, Found, Hit, Sought, choices, find_notes
from supervision.services.notes.history import Version, restore_version, versions
from supervision.services.notes.links import SessionRef, linkable_sessions, session_ref
from supervision.services.notes.reading import (
    NoteLine,
    NotePage,
    NotesPage,
    accept_rows,
    is_sound,
    note,
    notes_of,
    own_note,
)
from supervision.services.notes.saving import Edit, Saved, save_free, save_note
from supervision.services.notes.waiting import (
    Draft,
    Keep,
    discard_draft,
    draft,
    drafts,
    keep_draft,
    merge_draft,
    own_draft,
    save_draft,
)

__all__ = [
    "UNDO",
    "AgendaItem",
    "Choices",
    "Deleted",
    "Draft",
    "Edit",
    "Found",
    "Hit",
    "Keep",
    "NoteLine",
    "NotePage",
    "NotesPage",
    "Saved",
    "SessionRef",
    "Sought",
    "Version",
    "accept_rows",
    "agenda",
    "choices",
    "delete_note",
    "discard_draft",
    "draft",
    "drafts",
    "find_notes",
    "has_deleted",
    "is_sound",
    "just_deleted",
    "keep_draft",
    "linkable_sessions",
    "merge_draft",
    "note",
    "notes_of",
    "own_draft",
    "own_note",
    "purge_deleted",
    "restore_version",
    "save_draft",
    "save_free",
    "save_note",
    "session_ref",
    "take_up",
    "undelete_note",
    "versions",
]

"""What both imports share: the blueprint, and the form that takes a file."""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint
from flask_babel import lazy_gettext as lazy
from flask_wtf.file import FileRequired

from supervision.domain.outside import Unreadable
from supervision.errors import Conflict, Invalid
from supervision.web.fields import UploadField
from supervision.web.forms import Form

bp = Blueprint("importing", __name__)
T = TypeVar("T")


class FileForm(Form):
    file = UploadField(lazy("File"), [FileRequired(lazy("Choose a file."))])

    def body(self) -> bytes:
        found: bytes = self.file.data.read()
        return found


def read(form: FileForm, act: Callable[[], T]) -> T | None:
    """What a file gives; what it refuses is put beside the file, and the answer is None."""
    if not form.validate_on_submit():
        return None
    try:
        return act()
    except Unreadable as error:
        form.refuse(Invalid("file", error.msgid, **error.params))
    except (Invalid, Conflict) as error:
        form.refuse(error)
    return None

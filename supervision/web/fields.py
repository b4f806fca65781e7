"""Fields of dates, times of day, numbers, lines and files: bounded, with complaints of ours."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import request
from flask_babel import lazy_gettext as lazy
from flask_wtf.file import FileField
from wtforms import (
    DateField,
    FieldList,
    Form,
    FormField,
    IntegerField,
    PasswordField,
    TimeField,
    ValidationError,
)
from wtforms.validators import StopValidation

from supervision.domain import vault
from supervision.errors import Invalid
from supervision.web.errors import say
from supervision.web.typed import is_known, number


class UploadField(FileField):  # type: ignore[misc]  # Flask-WTF has no types
    """A file. No other field ever sees one, whatever it is named."""

    def process_formdata(self, _valuelist: list[str]) -> None:
        super().process_formdata(request.files.getlist(self.name))


class LinesField(FieldList):  # type: ignore[misc]  # WTForms has no types
    """Lines of the same fields, numbered from 0, fewer than `most`; others are no lines of it."""

    def __init__(self, row: type[Form], most: int, **values: Any) -> None:
        super().__init__(FormField(row), **values)
        self._numbers = {str(number): number for number in range(most)}

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        start = f"{prefix}-"
        lines = (name.removeprefix(start) for name in formdata if name.startswith(start))
        numbers = (self._numbers.get(line.partition("-")[0]) for line in lines)
        return (number for number in numbers if number is not None)


class DayField(DateField):  # type: ignore[misc]  # WTForms has no types
    """A date that the calendar can show."""

    data: Any

    complaint = lazy("Give a date that exists, such as 2026-11-24.")

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.complaint) from None
        if self.data and not is_known(self.data):
            self.data = None
            raise ValueError(lazy("Give a date between 1971 and 2199."))


class ClockField(TimeField):  # type: ignore[misc]  # WTForms has no types
    """A time of day."""

    complaint = lazy("Give a time of day, such as 14:30.")

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.complaint) from None


class NumberField(IntegerField):  # type: ignore[misc]  # WTForms has no types
    """A whole number that a column takes."""

    data: Any

    complaint = lazy("Give a whole number.")

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            self.data = number(valuelist[0]) if valuelist else self.data
        except ValueError:
            self.data = None
            raise ValueError(self.complaint) from None

    def pre_validate(self, form: Form) -> None:
        """What is no number is out of no range: one complaint is enough."""
        if self.process_errors and self.raw_data and self.raw_data[0].strip():
            raise StopValidation


class PassphraseField(PasswordField):  # type: ignore[misc]  # WTForms has no types
    """A passphrase, present or new. What nobody types is refused before it is looked at."""

    longest = vault.LONGEST_PASSPHRASE

    def pre_validate(self, form: Form) -> None:
        try:
            vault.check_passphrase(self.data or "")
        except Invalid as error:
            raise ValidationError(say(error)) from None

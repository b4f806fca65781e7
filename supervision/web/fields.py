"""Fields of dates, times of day and numbers, whose complaints are ours."""

from flask_babel import lazy_gettext as lazy
from wtforms import DateField, Form, IntegerField, PasswordField, TimeField, ValidationError
from wtforms.validators import StopValidation

from supervision.domain import vault
from supervision.errors import Invalid
from supervision.web.errors import say


class DayField(DateField):  # type: ignore[misc]  # WTForms has no types
    """A date."""

    complaint = lazy("Give a date that exists, such as 2026-11-24.")

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.complaint) from None


class ClockField(TimeField):  # type: ignore[misc]  # WTForms has no types
    """A time of day."""

    complaint = lazy("Give a time of day, such as 14:30.")

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.complaint) from None


class NumberField(IntegerField):  # type: ignore[misc]  # WTForms has no types
    """A whole number."""

    complaint = lazy("Give a whole number.")

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
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

"""The request as all views see it: htmx's headers, nothing of a body on the disk, no NUL."""

from io import BytesIO
from typing import IO

from htmx_flask.requests import HtmxAwareRequest
from werkzeug.datastructures import Authorization, ImmutableMultiDict, MultiDict
from werkzeug.utils import cached_property


class Request(HtmxAwareRequest):  # type: ignore[misc]  # htmx-flask has no types
    """Keeps whatever a form sends in memory: it is small, and it may be somebody's reflection."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()

    @property
    def authorization(self) -> Authorization | None:
        """None for what cannot be read: Werkzeug raises for letters that Base64 has not."""
        try:
            found: Authorization | None = super().authorization
        except ValueError:
            return None
        return found

    def _load_form_data(self) -> None:
        super()._load_form_data()
        self.__dict__["form"] = _without_nul(self.form)

    @cached_property
    def args(self) -> MultiDict[str, str]:
        return _without_nul(super().args)


def _without_nul(values: MultiDict[str, str]) -> MultiDict[str, str]:
    """What was sent without U+0000: nobody types it, pasting can bring it, PostgreSQL has none."""
    if not any("\0" in value for _name, value in values.items(multi=True)):
        return values
    return ImmutableMultiDict(
        (name, value.replace("\0", "")) for name, value in values.items(multi=True)
    )

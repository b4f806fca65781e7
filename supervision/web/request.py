"""The request as all views see it: htmx's headers, and nothing of a body on the disk."""

from io import BytesIO
from typing import IO

from htmx_flask.requests import HtmxAwareRequest


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

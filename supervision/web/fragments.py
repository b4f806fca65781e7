"""Pages and the fragments that they include."""

from typing import Any

from flask import Response, make_response, render_template
from htmx_flask import request


def wants_fragment() -> bool:
    """htmx asks for one part; boosted links and history get whole pages."""
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def page(template: str, status: int = 200, /, **context: Any) -> Response:
    """A rendered page with its status."""
    return make_response(render_template(template, **context), status)


def page_or(fragment: str, whole: str, **context: Any) -> Response:
    """Render the fragment for htmx and the page that includes it for everybody else."""
    response = make_response(render_template(fragment if wants_fragment() else whole, **context))
    response.vary.update(("HX-Request", "HX-Request-Type"))
    return response


def swap_whole_page(response: Response) -> Response:
    """Make htmx put an error page where the page is, not into the small place that asked."""
    if request.htmx:
        response.headers["HX-Retarget"] = "body"
        response.headers["HX-Reswap"] = "innerHTML"
    return response

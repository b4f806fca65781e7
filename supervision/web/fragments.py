"""Pages and the fragments that they include."""

from typing import Any

from flask import Flask, Response, make_response, render_template
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
    """Make htmx put an error page where the page is, not into the small place that asked.

    Above a form that is sent without leaving the page it puts the refusal alone: what was typed
    stays.
    """
    if request.htmx.boosted:
        response.headers["HX-Retarget"] = "#messages"
        response.headers["HX-Reselect"] = ".refusal"
        response.headers["HX-Reswap"] = "innerHTML show:top"
    elif request.htmx:
        response.headers["HX-Retarget"] = "body"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def init(app: Flask) -> None:
    @app.after_request
    def _go_on(response: Response) -> Response:
        """A boosted form goes on by a navigation: fetched, a page would use up its messages."""
        if request.htmx.boosted and response.location:
            response.headers["HX-Redirect"] = response.headers.pop("Location")
            response.status_code = 200
            response.set_data(b"")
        return response

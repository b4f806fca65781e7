"""Security headers, the nonce, and the refusal of writes that come from another site."""

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request

from supervision.web.transactions import SAFE

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
LASTING = {"Strict-Transport-Security": "max-age=31536000"}


def csp_nonce() -> str:
    """One nonce a request."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    nonce: str = g.nonce
    return nonce


def _from_elsewhere() -> bool:
    """Whether a browser says that another site's page sends this (a second wall behind CSRF).

    Under `no-referrer` browsers send `Origin: null` with a form, so `null` alone tells nothing.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin", "null")
    return origin != "null" and _host_of(origin) != request.host


def _host_of(origin: str) -> str | None:
    """Host and port of an origin; nothing for what is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def init(app: Flask, secure: bool) -> None:
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    @app.before_request
    def _own_site_only() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if request.method in SAFE or hasattr(view, "for_programs"):
            return
        if _from_elsewhere():
            abort(403)

    always = HEADERS | (LASTING if secure else {})

    @app.after_request
    def _harden(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = POLICY.format(nonce=csp_nonce())
        kept = {} if request.endpoint == "static" else {"Cache-Control": "no-store"}
        _set_defaults(response, always | kept)
        return response


def _set_defaults(response: Response, found: dict[str, str]) -> None:
    """Add what a view did not set, after one look at all it did: `setdefault` looks each time."""
    given = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - no dict
    for name, value in found.items():
        if name.lower() not in given:
            response.headers.add(name, value)

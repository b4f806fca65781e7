"""The session cookie: Flask's own, with less work for each request."""

from collections.abc import Callable
from functools import cache

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

REMEMBERED = 1024
# No browser keeps a longer one (RFC 6265, section 6.1), so none of ours is.
LONGEST = 4096


class CookieSessions(SecureCookieSessionInterface):
    """Flask makes what signs and verifies a cookie anew for every request; here it is made once.

    A signature that was good stays good, so it is verified once as well; its age is looked at
    each time.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Flask's, but a cookie that cannot be ours is not looked at."""
        if len(request.cookies.get(self.get_cookie_name(app), "")) > LONGEST:
            return self.session_class()
        return super().open_session(app, request)

    @cache  # noqa: B019 - there is one for each application, and both live as long
    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            signer = serializer.make_signer(serializer.salt)
            verify = remember_good(signer.verify_signature)
            signer.verify_signature = verify  # type: ignore[method-assign]  # the same, remembered
            serializer.make_signer = lambda salt=None: signer  # type: ignore[method-assign]  # noqa: ARG005 - it has one salt
        return serializer


def remember_good(verify: Callable[..., bool]) -> Callable[..., bool]:
    """`verify`, asked once for what it finds good: what anybody could make up is not kept."""
    good: dict[tuple[object, ...], None] = {}

    def remembered(*signed: object) -> bool:
        if signed in good:
            return True
        if not verify(*signed):
            return False
        if len(good) >= REMEMBERED:
            good.clear()
        good[signed] = None
        return True

    return remembered

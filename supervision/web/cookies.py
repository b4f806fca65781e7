"""The session cookie: Flask's own, with less work for each request."""

from functools import cache, lru_cache

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

REMEMBERED = 1024


class CookieSessions(SecureCookieSessionInterface):
    """Flask makes what signs and verifies a cookie anew for every request; here it is made once.

    A signature that was good stays good, so it is verified once as well; its age is looked at
    each time.
    """

    @cache  # noqa: B019 - there is one for each application, and both live as long
    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            signer = serializer.make_signer(serializer.salt)
            verify = lru_cache(REMEMBERED)(signer.verify_signature)
            signer.verify_signature = verify  # type: ignore[method-assign]  # the same, remembered
            serializer.make_signer = lambda salt=None: signer  # type: ignore[method-assign]  # noqa: ARG005 - it has one salt
        return serializer

"""What the goals stand on: both databases filled, servers on them, cookies to come in with."""

import hashlib
import secrets
import shutil
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import update

from bench.dataset import Cast, build
from bench.feeds import parts
from bench.load import Ask, fetch
from bench.reference import BYTES
from bench.servers import BOOT_KEY, Postgres, Radicale, Running, folder
from supervision import clock, config, create_app
from supervision.db import db, writing
from supervision.domain.links import link_token
from supervision.models.people import LinkPurpose, Person
from supervision.services import people


class Stage:
    """Everything is made when it is first wanted, and taken down at the end.

    `seconds` is how long the hour of `poll` lasts, and `storm`.
    """

    def __init__(self, seconds: float = 60) -> None:
        self.seconds = seconds
        self._ends = ExitStack()
        self._folder = self._ends.enter_context(folder())
        self._apps: dict[str, Flask] = {}
        self._casts: dict[str, Cast] = {}
        self._servers: dict[str, Running] = {}
        self._raw = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
        self.versions: dict[str, str] = {}

    def close(self) -> None:
        for server in self._servers.values():
            server.stop()
        for app in self._apps.values():
            shutil.rmtree(app.extensions["settings"].runtime, ignore_errors=True)
        self._ends.close()

    def instance(self, engine: str) -> Path:
        self.cast(engine)
        return self._folder / engine

    def _environment(self, engine: str) -> dict[str, str]:
        found = {
            "SUPERVISION_INSTANCE": str(self._folder / engine),
            "SUPERVISION_LOG_LEVEL": "INFO",
            config.BOOT_KEY: BOOT_KEY,
        }
        if engine == "postgresql":
            found["SUPERVISION_DATABASE_URL"] = self._postgres().url
        return found

    def _postgres(self) -> Postgres:
        if not hasattr(self, "_database"):
            self._database = Postgres(self._folder)
            self._ends.callback(self._database.stop)
            self.versions["PostgreSQL"] = str(self._database.version)
        return self._database

    def app(self, engine: str) -> Flask:
        """The application in this process, its database filled."""
        if engine not in self._apps:
            quiet = {"SUPERVISION_LOG_LEVEL": "ERROR"}
            settings = config.load(self._environment(engine) | quiet)
            app = create_app(settings)
            self._casts[engine] = build(app)
            self._apps[engine] = app
        return self._apps[engine]

    def cast(self, engine: str) -> Cast:
        self.app(engine)
        return self._casts[engine]

    def server(self, engine: str) -> Running:
        """The application under granian."""
        if engine not in self._servers:
            self.app(engine)
            postgres = self._postgres() if engine == "postgresql" else None
            self._servers[engine] = Running(
                "bench.reference:ours", self._environment(engine), postgres
            )
        return self._servers[engine]

    def plain(self) -> Running:
        """Flask alone under granian, with our feeds as bytes."""
        if "plain" not in self._servers:
            held = self._folder / "bytes"
            held.mkdir()
            for many in self.cast("sqlite").feeds:
                body, _headers = fetch(self.server("sqlite").port, Ask(self.feed_path(many)))
                (held / f"feed-{many}").write_bytes(body)
            self._servers["plain"] = Running("bench.reference:plain", {BYTES: str(held)}, None)
        return self._servers["plain"]

    def peer(self, many: int) -> Radicale:
        """Radicale with the same sessions as a feed of ours, each a calendar of its own."""
        if "peer" not in self._servers:
            body, _headers = fetch(self.server("sqlite").port, Ask(self.feed_path(many)))
            self._servers["peer"] = Radicale(self._folder / "radicale", parts(body))
        found = self._servers["peer"]
        assert isinstance(found, Radicale)
        return found

    def feed_path(self, many: int) -> str:
        return f"/feeds/{self.cast('sqlite').feeds[many]}.ics"

    def touch_feeds(self) -> None:
        """As if a session of everybody's had changed."""
        with self.app("sqlite").app_context(), writing():
            db.session.execute(update(Person).values(feed_version=Person.feed_version + 1))

    # -- cookies -------------------------------------------------------------------------

    def cookie(self, engine: str, alone: bool = False) -> str:
        """Alice signed in, or somebody without a single roster."""
        cast = self.cast(engine)
        return self.cookie_of(engine, cast.alone if alone else cast.alice)

    def cookie_of(self, engine: str, person_id: UUID) -> str:
        app = self.app(engine)
        with app.app_context(), writing():
            sign_in_id = people.sign_in(person_id, "bench", clock.now())
        return self._signed(app, sign_in_id)

    def anonymous_cookie(self, engine: str) -> str:
        return self._signed(self.app(engine), None)

    def _signed(self, app: Flask, sign_in_id: UUID | None) -> str:
        values: dict[str, object] = {"csrf_token": self._raw}
        if sign_in_id:
            values |= {"_user_id": sign_in_id.hex, "_fresh": True}
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's own kind
        return f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps(values)}"

    def invitation_token(self, engine: str) -> str:
        """Of an invitation that nobody has taken."""
        app, email = self.app(engine), f"open{secrets.token_hex(8)}@example.org"
        with app.app_context(), writing():
            link_id = people.add_person(email, "Open", "member", clock.now())
        return link_token(str(app.secret_key), LinkPurpose.INVITATION, link_id)

    def csrf_token(self, engine: str) -> str:
        key = self.app(engine).secret_key
        return str(URLSafeTimedSerializer(key or "", salt="wtf-csrf-token").dumps(self._raw))

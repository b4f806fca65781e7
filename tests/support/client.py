"""A browser without JavaScript: opens pages, fills in their forms, sends them. CSRF is on."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from uuid import UUID, uuid4

from flask import has_app_context
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from supervision import clock
from supervision.db import db, writing
from supervision.services import people

Value = str | Sequence[str]


@dataclass
class Form:
    """A form as it stands on a page: where it goes, what it holds, which buttons it has."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)

    def put(self, name: str | None, value: str | None) -> None:
        if name:
            self.values.setdefault(name, []).append(value or "")


class Forms(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: Form | None = None
        self._text: list[str] | None = None
        self._area: str | None = None
        self._select: tuple[str | None, list[str], list[str]] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._form = Form(given.get("action") or "", (given.get("method") or "get").lower())
            self.found.append(self._form)
        elif self._form is None or "disabled" in given:
            return
        elif tag == "input":
            self._input(self._form, given)
        elif tag == "textarea":
            self._area, self._text = given.get("name"), []
        elif tag == "select":
            self._select = (given.get("name"), [], [])
        elif tag == "option" and self._select:
            self._select[1].append(given.get("value") or "")
            if "selected" in given:
                self._select[2].append(given.get("value") or "")
        elif tag == "button":
            self._text = []

    def _input(self, form: Form, given: dict[str, str | None]) -> None:
        kind = (given.get("type") or "text").lower()
        if kind in {"checkbox", "radio"}:
            if "checked" in given:
                form.put(given.get("name"), given.get("value") or "on")
        elif kind == "submit":
            form.buttons.append(given.get("value") or "")
        elif kind not in {"button", "reset", "file", "image"}:
            form.put(given.get("name"), given.get("value"))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        form = self._form
        if form is None:
            return
        text = "".join(self._text or [])
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            form.put(self._area, text.replace("\r\n", "\n").removeprefix("\n"))
            self._text = None
        elif tag == "button":
            form.buttons.append(" ".join(text.split()))
            self._text = None
        elif tag == "select" and self._select:
            name, options, selected = self._select
            for value in selected or options[:1]:
                form.put(name, value)
            self._select = None


class Client(FlaskClient):
    """Flask's test client that can also sign in, take a CSRF token and send a page's form."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """One request, apart from the test's own context and transaction.

        What the test wrote is committed first, and what the request wrote is seen afterwards.
        """
        if has_app_context():
            db.session.commit()
        response: TestResponse = Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.rollback()
        return response

    def sign_in(self, person_id: UUID) -> None:
        """Sign somebody in without their passphrase; their vault stays locked."""
        db.session.commit()
        with writing():
            sign_in_id = people.sign_in(person_id, "test", clock.now())
        with self.session_transaction() as cookie:
            cookie["_user_id"] = sign_in_id.hex
            cookie["_fresh"] = True

    def csrf_token(self) -> str:
        """A token that Flask-WTF takes from this client."""
        with self.session_transaction() as cookie:
            raw = cookie.setdefault("csrf_token", hashlib.sha256(os.urandom(64)).hexdigest())
        key = self.application.secret_key
        return str(URLSafeTimedSerializer(key or "", salt="wtf-csrf-token").dumps(raw))

    def send(
        self, path: str, data: Mapping[str, Value] | None = None, **kwargs: Any
    ) -> TestResponse:
        """POST as a rendered form would: with a CSRF token and a key of its own."""
        hidden = {"csrf_token": self.csrf_token(), "once": str(uuid4())}
        return self.post(path, data=hidden | dict(data or {}), **kwargs)

    def form(self, page: str, button: str | None = None) -> Form:
        """A form on a page: the one with this button, else the first that is sent by POST."""
        response = self.get(page)
        assert response.status_code == 200, f"{page} answered {response.status_code}"
        found = Forms(response.text).found
        for form in found:
            if button in form.buttons if button else form.method == "post":
                form.action = form.action or page
                return form
        raise AssertionError(f"{page} has no such form, only {[form.buttons for form in found]}")

    def submit(
        self,
        page: str,
        data: Mapping[str, Value] | None = None,
        button: str | None = None,
        **kwargs: Any,
    ) -> TestResponse:
        """Open a page, fill in its form and send it; fields not named keep what they held."""
        form = self.form(page, button)
        values: dict[str, Any] = form.values | dict(data or {})
        if form.method == "get":
            return self.get(form.action, query_string=values, **kwargs)
        return self.post(form.action, data=values, **kwargs)

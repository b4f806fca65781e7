"""Supervision: rosters, sessions, private calendar feeds and reflections that stay private."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path

from flask import Flask, request
from flask_babel import Babel
from flask_login import current_user
from flask_wtf import CSRFProtect
from htmx_flask import Htmx

from supervision import cli, models
from supervision.config import Settings, load
from supervision.db import db
from supervision.domain import reflections
from supervision.web import (
    auth,
    errors,
    feed_gate,
    filters,
    forms,
    fragments,
    headers,
    hosts,
    limits,
    logs,
    metrics,
    texts,
    unlocking,
)
from supervision.web.request import Request
from supervision.web.transactions import App

AREAS = (
    "home",
    "people",
    "devices",
    "rosters",
    "sessions",
    "availability",
    "booking",
    "finding",
    "calendar",
    "feeds",
    "dav",
    "vault",
    "rotation",
    "notes",
    "figures",
    "export",
    "sharing",
    "health",
    "importing",
    "meetings",
    "mail",
    "polls",
    "replies",
    "attendance",
    "leave",
    "leaving",
    "signup",
)
HERE = Path(__file__).parent
LANGUAGES = {"en": "English"}


def create_app(settings: Settings | None = None) -> Flask:
    """The application, composed here and nowhere else. Raises BadSettings."""
    settings = settings or load()
    reflections.use(reflections.templates_in(settings.instance / "templates"))
    app = App("supervision")
    app.extensions["settings"] = settings
    app.config.from_mapping(_flask_config(settings))
    _extensions(app)
    logs.init(app, settings)
    headers.init(app, settings.secure)
    fragments.init(app)
    limits.init(app, settings)
    auth.init(app)
    unlocking.init(app, settings)
    errors.init(app)
    filters.init(app)
    texts.init(app)
    metrics.init(app, settings)
    feed_gate.init(app, settings.secure)
    hosts.init(app, settings)
    app.jinja_env.globals["once"] = forms.once
    for area in AREAS:
        app.register_blueprint(import_module(f"supervision.blueprints.{area}").bp)
    auth.let_programs_in(app)
    cli.init(app)
    return app


def _flask_config(settings: Settings) -> dict[str, object]:
    prefix = "__Host-" if settings.secure else ""
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SESSION_COOKIE_NAME": f"{prefix}session",
        "SESSION_COOKIE_SECURE": settings.secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=14),
        "SESSION_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "MAX_CONTENT_LENGTH": 2 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(days=7),
        "LANGUAGES": LANGUAGES,
    }


def _extensions(app: Flask) -> None:
    db.init_app(app)
    CSRFProtect(app)
    Htmx(app)
    app.request_class = Request
    Babel(app, default_translation_directories=str(HERE / "translations"), locale_selector=_locale)


def _locale() -> str:
    """The viewer's language, or the best that the browser asks for."""
    if request and current_user and current_user.is_authenticated:
        return str(current_user.language)
    return (request.accept_languages.best_match(list(LANGUAGES)) if request else None) or "en"


__all__ = ["create_app", "models"]

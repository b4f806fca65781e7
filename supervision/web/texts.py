"""Texts in templates, in the viewer's language: each is looked up and marked once a process.

A page has some thirty of them, and gettext's own way there costs more than reading its sessions.
"""

from functools import lru_cache

from flask import Flask
from flask_babel import get_locale
from flask_babel import gettext as look_up
from markupsafe import Markup

MOST = 4096
Language = tuple[str, str | None, str | None]


class Texts:
    """The texts of one application, which has one catalogue for each language."""

    def __init__(self) -> None:
        self._marked = lru_cache(MOST)(_marked)
        self._whole = lru_cache(MOST)(_whole)

    def __call__(self, message: str, **variables: object) -> Markup:
        """A text with its variables, which are escaped; a percent sign is written twice."""
        locale = get_locale()
        language = (locale.language, locale.territory, locale.script)
        if variables:
            return self._marked(language, message) % variables
        return self._whole(language, message)


def _marked(_language: Language, message: str) -> Markup:
    return Markup(look_up(message))  # noqa: S704 - the catalogue is ours


def _whole(language: Language, message: str) -> Markup:
    return _marked(language, message) % {}


def init(app: Flask) -> None:
    """After Flask-Babel, whose `_` this takes the place of."""
    said = Texts()
    app.jinja_env.globals.update(_=said, gettext=said)

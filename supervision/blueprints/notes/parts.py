"""What the pages of notes share: the blueprint, the way in, and how a reflection is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from supervision.domain.markdown import Allowance, to_html
from supervision.domain.reflections import (
    Kind,
    Prompt,
    Section,
    Value,
    Words,
    template_of,
    with_arrows,
    with_kept,
)
from supervision.domain.vault import Keys
from supervision.web import unlocking
from supervision.web.auth import viewer
from supervision.web.settings import settings

bp = Blueprint("notes", __name__)
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Answer:
    """One prompt that was answered; `html` is the text as Markdown renders it."""

    prompt: Prompt
    value: Value
    html: Markup | None


@dataclass(frozen=True)
class Part:
    """One section that has an answer."""

    section: Section
    answers: list[Answer]
    scales: dict[str, Value]


def ready_to_write(view: View) -> View:
    """Before the first reflection comes the recovery code: without it, forgetting is losing."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if viewer().vault_ready:
            return view(*args, **kwargs)
        flash(
            _(
                "Before you write, keep a recovery code. If you ever forget your passphrase, "
                "nothing else opens your notes."
            )
        )
        return redirect(url_for("vault.recovery_code"))

    return guarded  # type: ignore[return-value]  # same signature as the view's


def to_unlock() -> Response:
    """Ask for the passphrase, and come back to this very address."""
    return redirect(url_for("vault.unlock", next=request.full_path.rstrip("?")))


def opened() -> Keys | None:
    return unlocking.opened()


def pepper() -> bytes:
    return settings().pepper.encode()


def parts_of(words: Words) -> list[Part]:
    """What was written, section by section; what was left empty is left out."""
    found, allowance = [], Allowance()
    for section in with_kept(template_of(words.template), words.fields).sections:
        answers = [
            _answer(prompt, words.fields[prompt.key], allowance)
            for prompt in section.prompts
            if words.fields.get(prompt.key) not in {None, "", False}
        ]
        scales = {a.prompt.key: a.value for a in answers if a.prompt.kind is Kind.SCALE}
        if answers:
            found.append(Part(section, answers, scales))
    return found


def _answer(prompt: Prompt, value: Value, allowance: Allowance) -> Answer:
    is_text = prompt.kind is Kind.TEXT and isinstance(value, str)
    # Safe: to_html passes everything through an allow-list.
    html = Markup(to_html(with_arrows(str(value)), allowance)) if is_text else None  # noqa: S704
    return Answer(prompt, value, html)

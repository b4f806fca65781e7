"""What a template is made of, and the rules that every template keeps, ours or a community's."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

_KEY = re.compile(r"(?!validate)[a-z][a-z0-9_]{0,39}")
MAIN = "reflection"
# A prompt's key is the name of a form's field, so it must not be that of anything else in the form.
TAKEN = frozenset(
    {"title", "session", "template", "editing", "kept", "to", "back", "csrf_token", "once"}
    | {"complaints", "data", "errors", "form_errors", "hidden_tag", "is_submitted", "leaves"}
    | {"meta", "populate_obj", "post_process", "process", "refuse"}
)
SYSTEMS, WHOSE = ("threat", "drive", "soothing"), ("client", "me", "room")
MOST_PROMPTS = 60
TALLEST = 40


class BadTemplate(ValueError):
    """A template that cannot be used; its text is one line that says why."""


class Kind(StrEnum):
    """TEXT is Markdown, SCALE a whole number 0 to 10, DATE an ISO date, TICK true or absent."""

    TEXT = "text"
    LINE = "line"
    SCALE = "scale"
    DATE = "date"
    TICK = "tick"


class Look(StrEnum):
    """How a section is laid out: SYSTEMS has the picture of the three systems, WORKSHEET boxes
    beside each other, STOP stands out as what to heed before going on."""

    PLAIN = "plain"
    SYSTEMS = "systems"
    WORKSHEET = "worksheet"
    STOP = "stop"


@dataclass(frozen=True)
class Prompt:
    """One thing asked. `key` names its value for ever; `rows` is how tall a text begins."""

    key: str
    kind: Kind
    label: str
    hint: str = ""
    rows: int = 3


@dataclass(frozen=True)
class Section:
    """Prompts that belong together. `folded`: there if wanted, out of the way if not."""

    key: str
    title: str
    about: str
    prompts: tuple[Prompt, ...]
    folded: bool = False
    look: Look = Look.PLAIN


@dataclass(frozen=True)
class Template:
    """A way to reflect. The main text of every template has the key `reflection`."""

    key: str
    version: int
    name: str
    about: str
    sections: tuple[Section, ...]

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        return tuple(prompt for section in self.sections for prompt in section.prompts)


def is_key(text: str) -> bool:
    """Whether a prompt may have this key."""
    return text not in TAKEN and _KEY.fullmatch(text) is not None


def check_template(template: Template) -> Template:
    """The template itself. Raises BadTemplate."""
    for fault in _faults(template):
        raise BadTemplate(fault)
    return template


def _faults(template: Template) -> Iterator[str]:
    if not _KEY.fullmatch(template.key):
        yield f"'{template.key}' is no key: small letters, digits and underscores"
    if template.version < 1 or not template.name.strip() or not template.sections:
        yield "a template needs a version from 1 on, a name and a section"
    yield from _twice("section", (section.key for section in template.sections))
    yield from _twice("prompt", (prompt.key for prompt in template.prompts))
    if len(template.prompts) > MOST_PROMPTS:
        yield f"more than {MOST_PROMPTS} prompts"
    if not any(p.key == MAIN and p.kind is Kind.TEXT for p in template.prompts):
        yield f"no prompt of kind text has the key {MAIN}"
    for section in template.sections:
        yield from _faults_of(section)


def _faults_of(section: Section) -> Iterator[str]:
    if not section.title.strip() and (section.folded or section.look is not Look.PLAIN):
        yield f"section {section.key} needs a title"
    if section.look is Look.SYSTEMS:
        scales = {prompt.key for prompt in section.prompts if prompt.kind is Kind.SCALE}
        if scales != {f"{system}_{who}" for system in SYSTEMS for who in WHOSE}:
            yield f"section {section.key} needs each system's scale for client, me and room"
    for prompt in section.prompts:
        if not is_key(prompt.key):
            yield f"'{prompt.key}' cannot be a prompt's key"
        if not prompt.label.strip() or not 1 <= prompt.rows <= TALLEST:
            yield f"prompt {prompt.key} needs a label, and 1 to {TALLEST} rows"


def _twice(what: str, keys: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            yield f"{what} {key} is there twice"
        seen.add(key)


def check_together(templates: Iterable[Template]) -> None:
    """A key asks for one kind of thing wherever it stands, so that a text outlives a change of
    template. Raises BadTemplate."""
    kinds: dict[str, Kind] = {}
    for template in templates:
        for prompt in template.prompts:
            if kinds.setdefault(prompt.key, prompt.kind) is not prompt.kind:
                kind = kinds[prompt.key]
                raise BadTemplate(f"prompt {prompt.key} is of kind {kind} in another template")

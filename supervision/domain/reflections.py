"""Reflections: their templates as data, what one holds, and the bytes that are sealed.

A template is versioned: a note keeps the version it was written in, so that its words can be
bettered without touching what was written.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from supervision.errors import N_, Invalid

LONGEST_TITLE = 200
LONGEST_LINE = 300
LONGEST_TEXT = 50_000
SCALE = range(11)
Value = str | int | bool


class Kind(StrEnum):
    """TEXT is Markdown, SCALE a whole number 0 to 10, DATE an ISO date, TICK true or absent."""

    TEXT = "text"
    LINE = "line"
    SCALE = "scale"
    DATE = "date"
    TICK = "tick"


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


@dataclass(frozen=True)
class Words:
    """What somebody wrote. `fields` holds what was filled in, by the prompts' keys."""

    template: str
    title: str
    fields: Mapping[str, Value]
    session_id: UUID | None = None


@dataclass(frozen=True)
class Reflection:
    """One saved state: the words, when they were begun and written, by which open editor.

    `auto`: kept while typing; the same editor's next save takes its place.
    """

    words: Words
    begun_at: datetime
    written_at: datetime
    editor: UUID
    auto: bool = False
    version: int = field(default=1)


_CODE = Prompt(
    "client_code",
    Kind.LINE,
    N_("Client code"),
    N_("A code that only you can read, never a name or initials."),
)
_ELSEWHERE = Prompt("elsewhere", Kind.TICK, N_("Facts and risk actions are recorded elsewhere"))
_ACTION_ON = Prompt("action_on", Kind.DATE, N_("By when"))
_SUPERVISION = Prompt("supervision", Kind.TICK, N_("Take this to supervision"))

FREE = Template(
    "free",
    1,
    N_("Free page"),
    N_("One quiet page. Write as it comes."),
    (
        Section(
            "page",
            "",
            "",
            (
                Prompt(
                    "reflection",
                    Kind.TEXT,
                    N_("Reflection"),
                    N_("Nobody reads this but you. Half sentences are welcome."),
                    rows=12,
                ),
            ),
        ),
        Section(
            "around",
            N_("Client code and next step"),
            "",
            (
                _CODE,
                _ELSEWHERE,
                Prompt("action", Kind.LINE, N_("One action")),
                _ACTION_ON,
                _SUPERVISION,
            ),
            folded=True,
        ),
    ),
)


def _system(key: str, name: str) -> tuple[Prompt, ...]:
    whose = (("client", N_("the client")), ("me", N_("me")), ("room", N_("the room")))
    return tuple(Prompt(f"{key}_{who}", Kind.SCALE, name, label) for who, label in whose)


CFT = Template(
    "cft",
    1,
    N_("Compassion focused"),
    N_("From settling, through the three systems, to one helpful step. Leave out what you like."),
    (
        Section(
            "arrive",
            N_("Arrive"),
            N_(
                "Feet on the ground. Breathe in a slow, even rhythm, a little longer out than in, "
                "until the breath finds its own pace. There is no hurry."
            ),
            (
                Prompt(
                    "settled",
                    Kind.SCALE,
                    N_("How settled am I?"),
                    N_("0 is not at all, 10 is deeply settled."),
                ),
                _CODE,
                _ELSEWHERE,
            ),
        ),
        Section(
            "moment",
            N_("The moment"),
            "",
            (
                Prompt(
                    "reflection",
                    Kind.TEXT,
                    N_("Reflection"),
                    N_("The moment, in coded sentences: what happened, and where it caught you."),
                    rows=7,
                ),
            ),
        ),
        Section(
            "systems",
            N_("The three systems"),
            N_("How strong was each, from 0 to 10? A guess is enough; an empty box is fine."),
            (
                *_system("threat", N_("Threat")),
                *_system("drive", N_("Drive")),
                *_system("soothing", N_("Soothing")),
                Prompt("systems", Kind.TEXT, N_("What do I notice when I see them side by side?")),
            ),
        ),
        Section(
            "responsibility",
            N_("Not my fault, my responsibility"),
            N_("Nobody chose their tricky brain or where they learned to be afraid."),
            (
                Prompt("fault", Kind.TEXT, N_("What here was nobody's choosing?")),
                Prompt("responsibility", Kind.TEXT, N_("What is mine to take care of now?")),
            ),
        ),
        Section(
            "fears",
            N_("Fears, blocks and resistances"),
            N_("What stood in the way of compassion, in each of its three directions?"),
            (
                Prompt("to_others", Kind.TEXT, N_("From me to others"), rows=2),
                Prompt("from_others", Kind.TEXT, N_("From others to me"), rows=2),
                Prompt("to_self", Kind.TEXT, N_("From me to myself"), rows=2),
            ),
        ),
        Section(
            "compassionate_self",
            N_("The compassionate self"),
            N_(
                "Let your face soften. Look at the moment from the part of you that is at its best."
            ),
            (
                Prompt("wisdom", Kind.TEXT, N_("Wisdom: what does it understand?"), rows=2),
                Prompt("strength", Kind.TEXT, N_("Strength: what can it bear?"), rows=2),
                Prompt("commitment", Kind.TEXT, N_("Commitment: what will it stay with?"), rows=2),
                Prompt(
                    "inner_supervisor",
                    Kind.TEXT,
                    N_("What would a compassionate inner supervisor want for me?"),
                ),
            ),
        ),
        Section(
            "act",
            N_("Engage, then act"),
            "",
            (
                Prompt(
                    "action",
                    Kind.LINE,
                    N_("One helpful, not harmful step"),
                    N_("Small enough to do even on a bad day."),
                ),
                _ACTION_ON,
                Prompt("practice", Kind.LINE, N_("This week's own practice")),
                _SUPERVISION,
            ),
        ),
    ),
)

TEMPLATES: Mapping[str, Template] = {template.key: template for template in (FREE, CFT)}


def check(words: Words) -> None:
    """Raises Invalid for a title or text that is missing, too long, or no value of its prompt."""
    if not words.title.strip():
        raise Invalid("title", N_("Give it a title. A word is enough, and only you will see it."))
    check_loosely(words)
    texts = (words.fields.get(prompt.key) for prompt in _template(words).prompts)
    if not any(isinstance(text, str) and text.strip() for text in texts):
        raise Invalid("reflection", N_("There is nothing here yet. Write a few words first."))


def check_loosely(words: Words) -> None:
    """What an unfinished page must keep: sizes and kinds. Raises Invalid."""
    if len(words.title) > LONGEST_TITLE:
        raise Invalid("title", N_("Keep the title to %(max)d characters."), max=LONGEST_TITLE)
    prompts = {prompt.key: prompt for prompt in _template(words).prompts}
    for key, value in words.fields.items():
        if key not in prompts or not _fits(prompts[key].kind, value):
            raise Invalid(key, N_("This cannot be taken as it is."))


def is_blank(words: Words) -> bool:
    """Whether nothing was written yet, whatever the title."""
    return not any(
        value.strip() if isinstance(value, str) else value is not None
        for value in words.fields.values()
    )


def _template(words: Words) -> Template:
    if words.template not in TEMPLATES:
        raise Invalid("template", N_("Choose one of the templates."))
    return TEMPLATES[words.template]


def _fits(kind: Kind, value: Value) -> bool:
    if kind is Kind.TICK:
        return value is True
    if kind is Kind.SCALE:
        return type(value) is int and value in SCALE
    limit = {Kind.TEXT: LONGEST_TEXT, Kind.LINE: LONGEST_LINE, Kind.DATE: 10}[kind]
    return isinstance(value, str) and len(value) <= limit


def to_bytes(reflection: Reflection) -> bytes:
    """All that is private about one saved state, as UTF-8 JSON."""
    words = reflection.words
    return json.dumps(
        {
            "v": reflection.version,
            "template": words.template,
            "title": words.title,
            "fields": dict(words.fields),
            "session": words.session_id.hex if words.session_id else None,
            "begun": reflection.begun_at.isoformat(),
            "written": reflection.written_at.isoformat(),
            "editor": reflection.editor.hex,
            "auto": reflection.auto,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def from_bytes(body: bytes) -> Reflection:
    """The saved state again. Bytes that were sealed here are always whole."""
    found = json.loads(body)
    session = found["session"]
    words = Words(
        found["template"], found["title"], found["fields"], UUID(session) if session else None
    )
    return Reflection(
        words,
        datetime.fromisoformat(found["begun"]),
        datetime.fromisoformat(found["written"]),
        UUID(found["editor"]),
        found["auto"],
        found["v"],
    )

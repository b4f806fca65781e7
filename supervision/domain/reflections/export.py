"""A reflection as a Markdown file that reads well in any editor."""

from collections.abc import Callable, Iterator

from supervision.domain.reflections.offered import template_of, with_kept
from supervision.domain.reflections.parts import (
    MAIN,
    SYSTEMS,
    WHOSE,
    Kind,
    Look,
    Prompt,
    Section,
)
from supervision.domain.reflections.words import Value, Words

Say = Callable[[str], str]


def to_markdown(words: Words, byline: str, say: Say) -> str:
    """Title, byline, then what was answered, section by section, in the words that `say` gives
    for a prompt's. What was left empty is left out; texts stand as they were written."""
    template = with_kept(template_of(words.template), words.fields)
    parts = [f"# {words.title.strip() or say(template.name)}", f"*{byline}*"]
    for section in template.sections:
        parts += _section(section, words, say)
    return "\n\n".join(parts) + "\n"


def _section(section: Section, words: Words, say: Say) -> Iterator[str]:
    answered = [
        (prompt, words.fields[prompt.key])
        for prompt in section.prompts
        if words.fields.get(prompt.key) not in {None, "", False}
    ]
    if not answered:
        return
    titled = bool(section.title) and not section.folded
    if titled:
        yield f"## {say(section.title)}"
    if section.look is Look.SYSTEMS:
        yield from _table(words, section, say)
        answered = [(p, value) for p, value in answered if p.kind is not Kind.SCALE]
    yield from _facts([(p, v) for p, v in answered if p.kind is not Kind.TEXT], say)
    alone = (titled and len(section.prompts) == 1) or section.key == "page"
    for prompt, value in answered:
        if prompt.kind is Kind.TEXT:
            heading = "" if alone and prompt.key == MAIN else _heading(prompt, titled, say)
            yield heading + str(value).strip()


def _heading(prompt: Prompt, titled: bool, say: Say) -> str:
    return f"{'###' if titled else '##'} {say(prompt.label)}\n\n"


def _facts(answered: list[tuple[Prompt, Value]], say: Say) -> Iterator[str]:
    """Numbers, dates, ticks and lines, as one list."""
    lines = [f"- {_fact(say(prompt.label), prompt, value)}" for prompt, value in answered]
    if lines:
        yield "\n".join(lines)


def _fact(label: str, prompt: Prompt, value: Value) -> str:
    if prompt.kind is Kind.TICK:
        return label
    told = f"{value}/10" if prompt.kind is Kind.SCALE else str(value).strip()
    return f"{label}{'' if label.endswith('?') else ':'} {told}"


def _table(words: Words, section: Section, say: Say) -> Iterator[str]:
    labels = {p.key: (say(p.label), say(p.hint)) for p in section.prompts if p.hint}
    keys = [[f"{system}_{who}" for system in SYSTEMS] for who in WHOSE]
    if not any(key in words.fields for row in keys for key in row):
        return
    heads = [labels[key][0] for key in keys[0]]
    rows = [
        f"| {labels[row[0]][1]} | " + " | ".join(str(words.fields.get(key, "–")) for key in row)
        for row in keys
    ]
    lines = ["|  | " + " | ".join(heads), "| --- |" + " ---: |" * len(heads), *rows]
    yield "\n".join(line.rstrip("|").rstrip() + " |" for line in lines)

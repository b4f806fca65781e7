"""Which templates there are: ours, and those that a community lays beside its database."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from supervision.domain.reflections.classics import DRISCOLL, FREE, GIBBS, KOLB, SCHOEN, SPSR
from supervision.domain.reflections.compassion import CFT, FORMULATION, THOUGHTS
from supervision.domain.reflections.parts import (
    BadTemplate,
    Kind,
    Look,
    Prompt,
    Section,
    Template,
    check_template,
    check_together,
)
from supervision.errors import N_, BadSettings

OURS = (FREE, CFT, FORMULATION, THOUGHTS, SPSR, GIBBS, KOLB, DRISCOLL, SCHOEN)
T = TypeVar("T")
KEPT = "kept"
_LARGEST = 100_000
_all = {template.key: check_template(template) for template in OURS}
check_together(OURS)
TEMPLATES: Mapping[str, Template] = MappingProxyType(_all)


def use(own: Iterable[Template]) -> None:
    """Offer these beside ours, in the place of any that were offered before."""
    own = tuple(own)
    _all.clear()
    _all.update({template.key: template for template in (*OURS, *own)})


def templates_in(folder: Path) -> list[Template]:
    """The community's own: every `*.toml` of a folder, by name; none when there is no folder.

    Raises BadSettings with one line that names the file and what is wrong with it.
    """
    found: list[Template] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            one = _read(path)
            if any(one.key == other.key for other in (*OURS, *found)):
                raise BadTemplate(f"there is a template {one.key} already")
            check_together((*OURS, *found, one))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            why = str(error).partition("\n")[0] or type(error).__name__
            raise BadSettings(f"{folder.name}/{path.name}: {why}") from None
        found.append(one)
    return found


def _read(path: Path) -> Template:
    if path.stat().st_size > _LARGEST:
        raise BadTemplate("larger than 100 kB")
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    sections = tuple(_section(one) for one in _tables(found, "sections"))
    return check_template(
        Template(
            key=_text(found, "key"),
            version=_whole(found, "version", 1),
            name=_text(found, "name"),
            about=_text(found, "about", ""),
            sections=_nothing_else(found, sections),
        )
    )


def _section(found: dict[str, Any]) -> Section:
    prompts = tuple(_prompt(one) for one in _tables(found, "prompts"))
    return Section(
        key=_text(found, "key"),
        title=_text(found, "title", ""),
        about=_text(found, "about", ""),
        look=Look(_text(found, "look", Look.PLAIN)),
        folded=found.pop("folded", False) is True,
        prompts=_nothing_else(found, prompts),
    )


def _prompt(found: dict[str, Any]) -> Prompt:
    return Prompt(
        key=_text(found, "key"),
        kind=Kind(_text(found, "kind", Kind.TEXT)),
        label=_text(found, "label"),
        hint=_text(found, "hint", ""),
        rows=_nothing_else(found, _whole(found, "rows", 3)),
    )


def _text(found: dict[str, Any], name: str, usual: str | None = None) -> str:
    value = found.pop(name, usual)
    if not isinstance(value, str):
        raise BadTemplate(f"{name} is missing, or is no text")
    return value


def _whole(found: dict[str, Any], name: str, usual: int) -> int:
    value = found.pop(name, usual)
    if type(value) is not int:
        raise BadTemplate(f"{name} is no whole number")
    return value


def _tables(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = found.pop(name, None)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise BadTemplate(f"{name} are missing, or are no tables")
    return value


def _nothing_else(found: dict[str, Any], made: T) -> T:
    """What was made, once everything that was said has been understood."""
    for name in found:
        raise BadTemplate(f"{name} is not known here")
    return made


def template_of(key: str) -> Template:
    """The template of that name; for one that is here no more, a free page under its name."""
    return TEMPLATES.get(key) or replace(FREE, key=key, name=key, about="")


def with_kept(template: Template, keys: Iterable[str]) -> Template:
    """The template and, below it, what was written under keys that it does not have.

    So nothing is lost when somebody goes on in another template, or a template loses a prompt.
    """
    own = {prompt.key for prompt in template.prompts}
    left = [key for key in keys if key not in own]
    if not left:
        return template
    known = {prompt.key: prompt for one in TEMPLATES.values() for prompt in one.prompts}
    prompts = tuple(known.get(key) or Prompt(key, Kind.TEXT, key) for key in left)
    title = N_("Kept from another way of writing")
    return replace(template, sections=(*template.sections, Section(KEPT, title, "", prompts)))

"""The pages about Supervision say what is so: links lead on, names exist, no text is missed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from flask import Flask

from supervision import config, serve

ROOT = Path(__file__).parents[1]
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "supervision/static/vendor/README.md",
    ]
)
CATALOGUE = ROOT / "supervision" / "translations" / "messages.pot"
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
# A path of ours, as it is named in running text.
PATH = re.compile(r"(?:supervision|tests|docs|bin|bench|\.ci)/[\w./-]*")
FLASK = re.compile(r"flask --app supervision ([a-z]+)(?: ([a-z]+))?")


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code(page: Path) -> Iterator[str]:
    """What stands as code on a page: in blocks line by line, and within sentences."""
    for block in BLOCK.findall(text(page)):
        yield from block.splitlines()
    yield from CODE.findall(BLOCK.sub("", text(page)))


def missing(names: Iterator[tuple[Path, str]]) -> list[str]:
    return [f"{page.relative_to(ROOT)}: {name}" for page, name in names]


def test_relative_links_point_to_something() -> None:
    links = (
        (page, link)
        for page in PAGES
        for link in LINK.findall(text(page))
        if not re.match(r"https?://|#|mailto:", link)
        and not (page.parent / link.partition("#")[0]).exists()
    )
    assert missing(links) == []


def test_named_paths_exist() -> None:
    paths = (
        (page, path)
        for page in PAGES
        for line in code(page)
        for path in PATH.findall(line)
        if re.match(r"(?:\./)?" + re.escape(path), line.split()[0]) and not (ROOT / path).exists()
    )
    assert missing(paths) == []


def test_named_settings_exist() -> None:
    names = (
        (page, name)
        for page in PAGES
        for name in re.findall(r"SUPERVISION_([A-Z_]+)", text(page))
        if name.lower() not in config.NAMES
    )
    assert missing(names) == []


def test_every_setting_is_in_the_operators_table() -> None:
    rows = re.findall(r"^\| (`SUPERVISION_.*?) \|", text(ROOT / "docs/operating.md"), re.MULTILINE)
    named = {name.lower() for row in rows for name in re.findall(r"`SUPERVISION_([A-Z_]+)`", row)}
    assert named == config.NAMES


def test_named_commands_exist(app: Flask) -> None:
    def known(name: str, inner: str) -> bool:
        command = app.cli.commands.get(name)
        return bool(command) and (not isinstance(command, click.Group) or inner in command.commands)

    # Alembic's own commands come with Flask-Migrate, which the flask program finds by itself.
    named = (
        (page, " ".join(found))
        for page in PAGES
        for line in code(page)
        for found in FLASK.findall(line)
        if found not in {("db", "upgrade"), ("db", "migrate")} and not known(*found)
    )
    assert missing(named) == []


def test_every_command_is_told_to_operators(app: Flask) -> None:
    told = {found[0] for line in code(ROOT / "docs/operating.md") for found in FLASK.findall(line)}
    ours = {name for name, it in app.cli.commands.items() if name not in {"limiter", "db"}}
    assert ours - {"demo"} <= told


def test_named_flags_exist(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        serve.main(["--help"])
    known = set(re.findall(r"--[a-z]+", capsys.readouterr().out))
    flags = (
        (page, flag)
        for page in PAGES
        for line in code(page)
        if line.startswith("bin/serve")
        for flag in re.findall(r"(--[a-z]+)", line)
        if flag not in known
    )
    assert missing(flags) == []


@pytest.mark.parametrize("page", ADRS, ids=lambda page: page.stem)
def test_decision_is_short_and_whole(page: Path) -> None:
    lines = text(page).splitlines()
    assert len(lines) < 40
    assert lines[0].startswith(f"# {int(page.name[:4])}. ")
    wanted = ["## Decided", "## Considered", "## What follows"]
    assert [line for line in lines if line in wanted] == wanted


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(page.name[:4]) for page in ADRS] == list(range(1, len(ADRS) + 1))


def test_page_about_the_code_names_every_table(app: Flask) -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text(ROOT / "ARCHITECTURE.md"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    tables = app.extensions["sqlalchemy"].metadata.tables
    assert named == set(tables)


def test_promise_is_the_same_everywhere() -> None:
    """The sentences that people rely on are the ones of the pages on which they write."""
    promise = re.compile(r"encrypted with a key that only your passphrase opens")
    places = (
        "README.md",
        "docs/privacy.md",
        "supervision/templates/base.html",
        "supervision/templates/notes/_macros.html",
    )
    said = {place: bool(promise.search(" ".join(text(ROOT / place).split()))) for place in places}
    assert said == dict.fromkeys(places, True)


# -- translations --------------------------------------------------------------------------


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def texts(found: Catalog) -> set[str | tuple[str, ...]]:
    """The texts to translate: one, or a singular with its plural."""
    return {
        tuple(message.id) if isinstance(message.id, list | tuple) else message.id
        for message in found
        if message.id
    }


def test_catalogue_lists_every_text(tmp_path: Path) -> None:
    """Extracts anew by the very command that CONTRIBUTING.md gives."""
    (command,) = (line for line in code(ROOT / "CONTRIBUTING.md") if "pybabel extract" in line)
    fresh = tmp_path / "messages.pot"
    target = str(CATALOGUE.relative_to(ROOT))
    words = re.findall(r'"[^"]*"|[^\s"]+"[^"]*"|\S+', command.replace(target, str(fresh)))
    arguments = [word.replace('"', "") for word in words[1:]]
    subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    kept, found = texts(catalogue(CATALOGUE)), texts(catalogue(fresh))
    assert (found - kept, kept - found) == (set(), set()), f"run: {command}"


def test_catalogue_is_not_empty_in_any_layer() -> None:
    """A mapping that finds no templates, or a keyword that was forgotten, would go unnoticed."""
    known = texts(catalogue(CATALOGUE))
    assert known >= {
        "Sign in",  # a template's _
        "Passphrase",  # a form's lazy
        "This roster has ended.",  # a service's N_
        "Reflection",  # the domain's N_
        ("%(num)d session", "%(num)d sessions"),  # ngettext
    }


def test_singular_and_plural_are_filled_with_the_same() -> None:
    """Only the number itself may be left out, as in "one of them"."""
    places = re.compile(r"%\((\w+)\)")
    plurals = [one for one in texts(catalogue(CATALOGUE)) if isinstance(one, tuple)]
    uneven = [
        (one, many)
        for one, many in plurals
        if (set(places.findall(one)) ^ set(places.findall(many))) - {"num"}
    ]
    assert (len(plurals) > 3, uneven) == (True, [])

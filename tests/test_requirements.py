"""The requirement files: everything pinned, nothing missing, nothing idle."""

import re
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
FILES = ("requirements.txt", "requirements-dev.txt", "requirements-clients.txt")
# A library's name where it is not what one imports; None for what is never imported by name.
IMPORTED_AS: dict[str, str | None] = {
    "recurring-ical-events": "recurring_ical_events",
    "flask-sqlalchemy": "flask_sqlalchemy",
    "flask-migrate": "flask_migrate",
    "flask-login": "flask_login",
    "flask-wtf": "flask_wtf",
    "email-validator": "email_validator",
    "flask-babel": "flask_babel",
    "htmx-flask": "htmx_flask",
    "markdown-it-py": "markdown_it",
    "prometheus-client": "prometheus_client",
    "psycopg": None,
    "python-dateutil": "dateutil",
    "tzdata": None,
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lines(file: str) -> list[str]:
    found = [line.partition("#")[0].strip() for line in (ROOT / file).read_text().splitlines()]
    return [line for line in found if line and not line.startswith("-r ")]


def pinned(*files: str) -> dict[str, Requirement]:
    return {
        normal(wanted.name): wanted for file in files for wanted in map(Requirement, lines(file))
    }


def direct(file: str) -> list[str]:
    """What stands above 'What these need', each with its reason."""
    text, _, _ = (ROOT / file).read_text().partition("\n# What these need.")
    return [line for line in text.splitlines() if "==" in line]


@pytest.mark.parametrize("file", FILES)
def test_every_requirement_is_pinned_to_one_version(file: str) -> None:
    loose = [line for line in lines(file) if not re.fullmatch(r"[\w.\[\]-]+==[\w.]+", line)]
    assert loose == []


@pytest.mark.parametrize("file", FILES)
def test_every_direct_requirement_says_why(file: str) -> None:
    assert [line for line in direct(file) if "  # " not in line] == []


def test_what_the_requirements_need_is_pinned_too() -> None:
    wanted = pinned(*FILES[:2])
    missing = set()
    for name, requirement in wanted.items():
        extras = requirement.extras or {""}
        for line in requires(name) or []:
            need = Requirement(line)
            applies = [
                need.marker is None or need.marker.evaluate({"extra": extra}) for extra in extras
            ]
            if any(applies) and normal(need.name) not in wanted:
                missing.add(need.name)
    assert missing == set()


def test_every_direct_requirement_is_used() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "supervision").rglob("*.py"))
    names = [normal(Requirement(line.partition("#")[0]).name) for line in direct(FILES[0])]
    modules = {name: IMPORTED_AS.get(name, name) for name in names}
    idle = [
        name
        for name, module in modules.items()
        if module and not re.search(rf"^\s*(from|import) {module}\b", code, re.MULTILINE)
    ]
    assert idle == []


def test_development_adds_nothing_to_what_runs() -> None:
    assert set(pinned(FILES[0])) & set(pinned(FILES[1])) == set()

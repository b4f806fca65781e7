"""The requirement files: everything pinned with its hashes, nothing missing, nothing idle."""

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
NAMES = ("requirements", "requirements-dev", "requirements-clients")
# As bin/lock writes it: a version, on which systems, and what its files have to be.
PINNED = re.compile(r"([\w.\[\]-]+==[\w.]+)( ; [^\\]+)?(?: --hash=sha256:[0-9a-f]{64})+")
# A library's name where it is not what one imports; None for what is never imported by name.
IMPORTED_AS: dict[str, str | None] = {
    "recurring-ical-events": "recurring_ical_events",
    "flask-sqlalchemy": "flask_sqlalchemy",
    "flask-migrate": "flask_migrate",
    "flask-login": "flask_login",
    "flask-wtf": "flask_wtf",
    "flask-babel": "flask_babel",
    "email-validator": "email_validator",
    "htmx-flask": "htmx_flask",
    "markdown-it-py": "markdown_it",
    "prometheus-client": "prometheus_client",
    "psycopg": None,
    "python-dateutil": "dateutil",
    "tzdata": None,
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lines(name: str) -> list[str]:
    """What is installed, each with its hashes in one line."""
    text = (ROOT / f"{name}.txt").read_text().replace("\\\n", "")
    found = [re.sub(" +", " ", line.partition("#")[0]).strip() for line in text.splitlines()]
    return [line for line in found if line]


def pinned(name: str) -> dict[str, Requirement]:
    """By name, what is installed here."""
    wanted = [Requirement(line.partition(" --hash")[0]) for line in lines(name)]
    return {normal(one.name): one for one in wanted if one.marker is None or one.marker.evaluate()}


def chosen(name: str) -> list[str]:
    """What somebody chose, each with its reason."""
    return [line for line in (ROOT / f"{name}.in").read_text().splitlines() if "==" in line]


@pytest.mark.parametrize("name", NAMES)
def test_every_requirement_has_one_version_and_hashes(name: str) -> None:
    assert [line for line in lines(name) if not PINNED.fullmatch(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        "flask==3.1.3",
        "flask>=3.1.3 --hash=sha256:" + "a" * 64,
        "flask --hash=sha256:" + "a" * 64,
        "flask==3.1.3 --hash=sha256:" + "a" * 63,
        "flask==3.1.3 --hash=md5:" + "a" * 32,
        "flask @ https://example.org/flask.whl --hash=sha256:" + "a" * 64,
        "--extra-index-url https://example.org/simple",
    ],
)
def test_looser_requirement_is_seen(line: str) -> None:
    assert PINNED.fullmatch(line) is None


@pytest.mark.parametrize("name", NAMES)
def test_every_choice_says_why(name: str) -> None:
    loose = [line for line in chosen(name) if not re.fullmatch(r"[\w.\[\]-]+==[\w.]+  # .+", line)]
    assert loose == []


@pytest.mark.parametrize("name", NAMES)
def test_every_choice_is_installed_in_that_version(name: str) -> None:
    wanted = [Requirement(line.partition("#")[0]) for line in chosen(name)]
    found = {normal(one.name): one.specifier for one in map(as_requirement, lines(name))}
    assert [str(one) for one in wanted if found.get(normal(one.name)) != one.specifier] == []


def as_requirement(line: str) -> Requirement:
    return Requirement(line.partition(" --hash")[0])


def test_what_the_requirements_need_is_pinned_too() -> None:
    wanted = pinned("requirements-dev")
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
    names = [normal(Requirement(line.partition("#")[0]).name) for line in chosen("requirements")]
    modules = {name: IMPORTED_AS.get(name, name) for name in names}
    idle = [
        name
        for name, module in modules.items()
        if module and not re.search(rf"^\s*(from|import) {module}\b", code, re.MULTILINE)
    ]
    assert idle == []


def test_what_runs_is_what_was_tested() -> None:
    def bare(name: str) -> set[str]:
        return {line.replace(" ; ", " --hash", 1).partition(" --hash")[0] for line in lines(name)}

    def hashes(name: str) -> set[str]:
        return set(re.findall("sha256:[0-9a-f]+", " ".join(lines(name))))

    assert bare("requirements") - bare("requirements-dev") == set()
    assert hashes("requirements") - hashes("requirements-dev") == set()


# -- what bin/_setup installs --------------------------------------------------------------

SETUP = ". bin/_setup; setup requirements.txt"


class Shop:
    """A project with our bin/_setup, and a page that offers files in the place of PyPI."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._page = folder / "page.html"
        (folder / "bin").mkdir()
        shutil.copy(ROOT / "bin" / "_setup", folder / "bin")

    def wheel(self, word: str, build: str = "") -> str:
        """Offer a wheel of `greeting` that says a word; its SHA-256."""
        path = self.folder / f"greeting-1.0{build}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("greeting.py", f"WORD = {word!r}\n")
            about = "greeting-1.0.dist-info"
            file.writestr(
                f"{about}/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n"
            )
            kind = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            file.writestr(f"{about}/WHEEL", kind)
            file.writestr(f"{about}/RECORD", "")
        return self._offer(path)

    def source(self) -> str:
        """Offer a source distribution that leaves a trace when it is built; its SHA-256."""
        path = self.folder / "greeting-2.0.tar.gz"
        files = {
            "PKG-INFO": "Metadata-Version: 2.1\nName: greeting\nVersion: 2.0\n",
            "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'building'\n"
            "backend-path = ['.']\n",
            "building.py": f"open({str(self.folder / 'ran')!r}, 'w')\n",
        }
        with tarfile.open(path, "w:gz") as file:
            for name, words in files.items():
                entry = tarfile.TarInfo(f"greeting-2.0/{name}")
                entry.size = len(words)
                file.addfile(entry, io.BytesIO(words.encode()))
        return self._offer(path)

    def _offer(self, path: Path) -> str:
        """Name a file with its hash, as PyPI's pages do; the hash."""
        hashed = hashlib.sha256(path.read_bytes()).hexdigest()
        with self._page.open("a") as page:
            page.write(f'<a href="{path.as_uri()}#sha256={hashed}">{path.name}</a>\n')
        return hashed

    def install(self, line: str) -> tuple[int, str]:
        """The exit code, and the word that is installed then."""
        (self.folder / "requirements.txt").write_text(f"{line}\n")
        kept = {name: v for name, v in os.environ.items() if not name.startswith("PIP_")}
        offline = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self._page),
            "PYTHON": sys.executable,
        }
        done = subprocess.run(
            ["sh", "-c", SETUP],
            cwd=self.folder,
            env=kept | offline | {"PIP_CONFIG_FILE": os.devnull},
            capture_output=True,
            check=False,
        )
        found = list(self.folder.glob(".venv/lib/*/site-packages/greeting.py"))
        return done.returncode, found[0].read_text() if found else ""


def test_setup_installs_what_it_knows_and_runs_nothing_for_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    known, source = shop.wheel("hello"), shop.source()
    for line in (
        f"greeting==1.0 --hash=sha256:{'0' * 64}",
        f"greeting>=1.0 --hash=sha256:{known}",
        "greeting==1.0",
        "greeting",
        f"greeting==2.0 --hash=sha256:{source}",
    ):
        assert shop.install(line) == (1, "")
    assert not (tmp_path / "ran").exists()
    # A file that was added to the release later, and which pip would rather have.
    shop.wheel("something else", build="-2")
    assert shop.install(f"greeting==1.0 --hash=sha256:{known}") == (0, "WORD = 'hello'\n")

"""The child that fetches and reads: what it says, what ends it, and who waits for it unharmed."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from os import pathsep
from pathlib import Path

import psutil
import pytest

from supervision.domain.intervals import Interval
from supervision.domain.outside import BROKEN, TOO_MANY, WEB_PAGE, Unreadable
from supervision.services.outside import addresses, asking, fetching
from supervision.services.outside.asking import Answer, Asking, Question
from tests.support.strangers import Stranger, calendar, timed

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
START, END = AT - timedelta(days=7), AT + timedelta(days=400)
FOREVER = "UID:1\r\nDTSTART:20261101T000000Z\r\nRRULE:FREQ={}"


def question(stranger: Stranger, path: str, seconds: int = 3) -> Question:
    """What to ask a stranger on this machine, in little time."""
    address = f"http://127.0.0.1:{stranger.port}/{path}"
    start, end = START.timestamp(), END.timestamp()
    return Question(address, "", "", ["127.0.0.1"], "Europe/London", start, end, seconds)


def ask(stranger: Stranger, path: str, seconds: int = 3) -> Answer:
    return Asking(question(stranger, path, seconds), AT).answer()


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(Unreadable) as refused:
        act()
    return refused.value.msgid


def test_calendar_is_read_by_a_child(stranger: Stranger) -> None:
    stranger.bodies["/a"] = calendar(timed(AT), timed(AT + timedelta(hours=1), uid="2"))
    busy = Interval(AT, AT + timedelta(hours=2))
    assert ask(stranger, "a", 20) == Answer([busy], "", "")
    assert ask(stranger, "tagged", 20) == Answer([], '"1"', "")


def test_calendar_that_did_not_change_says_so(stranger: Stranger) -> None:
    asked = question(stranger, "tagged", 20)
    known = Question(**vars(asked) | {"etag": '"1"'})
    assert Asking(known, AT).answer() == Answer(None, '"1"', "")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("broken", BROKEN),
        ("markup", WEB_PAGE),
        ("html", WEB_PAGE),
        ("status/404", fetching.GONE),
        ("bomb", fetching.TOO_LARGE),
        ("undeclared", fetching.TOO_LARGE),
        ("to/68747470733a2f2f31302e302e302e312f", addresses.NOT_PUBLIC),
    ],
)
def test_child_says_what_is_wrong(stranger: Stranger, path: str, sentence: str) -> None:
    assert refusal(lambda: ask(stranger, path, 20)) == sentence


@pytest.mark.parametrize("path", ["slow", "slowheaders", "continued", "silent"])
def test_server_that_never_ends_is_left(stranger: Stranger, path: str) -> None:
    begun = time.monotonic()
    assert refusal(lambda: ask(stranger, path)) == asking.TOO_SLOW
    assert 2 < time.monotonic() - begun < 10


def test_server_that_never_ends_holds_on_where_no_time_is_set(stranger: Stranger) -> None:
    """Then the one who waits ends it, and not before."""
    patient = Asking(question(stranger, "slow", 3600), AT)
    time.sleep(4)
    assert not patient.is_over(AT + timedelta(seconds=4))
    assert patient.is_over(AT + asking.PATIENCE)
    assert refusal(patient.answer) == asking.TOO_SLOW


@pytest.mark.parametrize(
    "often", ["MINUTELY", "SECONDLY", "DAILY;BYHOUR=" + ",".join("0123456789")]
)
def test_event_that_repeats_without_end_is_refused(stranger: Stranger, often: str) -> None:
    many = [FOREVER.format(often).replace("UID:1", f"UID:{n}") for n in range(3)]
    stranger.bodies["/a"] = calendar(*many)
    found = refusal(lambda: ask(stranger, "a", 8))
    assert found in {TOO_MANY, asking.TOO_SLOW}


def test_flood_of_dates_is_refused(stranger: Stranger) -> None:
    dates = ",".join(f"202701{n % 28 + 1:02}T{n % 24:02}{n % 60:02}00Z" for n in range(5000))
    flood = [FOREVER.format("DAILY") + f"\r\nRDATE:{dates}" for _ in range(50)]
    stranger.bodies["/a"] = calendar(*flood)
    assert refusal(lambda: ask(stranger, "a", 20)) == TOO_MANY


@pytest.mark.parametrize(("bound", "ended"), [("child.bound(20)", 1), ("pass", 0)])
def test_memory_has_an_end_that_the_system_keeps(bound: str, ended: int) -> None:
    code = f"from supervision.services.outside import child; {bound}; bytearray(400_000_000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, b"MemoryError" in done.stderr) == (ended, bool(ended))


def test_one_who_waits_grows_by_no_gigabyte(stranger: Stranger) -> None:
    me = psutil.Process()
    before = me.memory_info().rss
    for path in ("undeclared", "declared", "bomb"):
        child = Asking(question(stranger, path, 20), AT)
        assert refusal(child.answer) == fetching.TOO_LARGE
    # The servers are threads of this very process, and hold what they send.
    assert me.memory_info().rss - before < 150 * 1024 * 1024


def test_child_that_falls_is_a_calendar_that_cannot_be_read(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "falls.py"
    script.write_text("raise SystemExit(3)")
    monkeypatch.setattr(asking, "ALONE", script)
    assert refusal(lambda: ask(stranger, "tagged")) == BROKEN


def test_stopped_child_is_gone(stranger: Stranger) -> None:
    child = Asking(question(stranger, "silent"), AT)
    child.stop()
    assert child._child.returncode == -9


def test_child_imports_no_application_and_knows_no_environment() -> None:
    """It has what reading takes; what the application is made of never comes into it."""
    code = (
        "import sys, os, json, runpy; sys.argv = ['alone'];"
        "module = runpy.run_path(sys.stdin.readline().strip(), run_name='alone');"
        "import io; sys.stdin = io.StringIO('{}');"
        "\ntry: module['main']()\nexcept KeyError: pass\n"
        "print(json.dumps([sorted(os.environ), sorted(sys.modules)]))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-S", "-c", code],
        input=f"{asking.ALONE}\n",
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": pathsep.join(sys.path)},
    )
    environment, modules = json.loads(done.stdout)
    unwanted = {"flask", "sqlalchemy", "cryptography", "supervision.config", "supervision.db"}
    assert set(environment) <= {"PYTHONPATH", "LC_CTYPE"}
    assert "recurring_ical_events" in modules
    assert unwanted & set(modules) == set()


def test_question_and_titles_are_nowhere_to_be_seen(stranger: Stranger) -> None:
    """Neither on the command line, which all users of a machine may read, nor in the answer."""
    stranger.bodies["/secret-1234"] = calendar(timed(AT, title="Operation"))
    child = Asking(question(stranger, "secret-1234", 20), AT)
    command = " ".join(psutil.Process(child._child.pid).cmdline())
    assert "secret-1234" not in command
    child._child.wait()
    child._output.seek(0)
    said = child._output.read()
    assert (b"Operation" in said, b"secret-1234" in said, b"busy" in said) == (False, False, True)
    child.stop()

"""The server as an operator starts and stops it."""

import os
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pytest

from supervision import serve
from supervision.web import front, limits
from tests.support.server import ROOT, Server, free_port

REFUSED = "Supervision cannot start. "


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "instance"


@pytest.fixture
def server(instance: Path) -> Iterator[Server]:
    running = Server(instance).wait()
    yield running
    running.stop()


def refusal(instance: Path, *flags: str, **environment: Any) -> tuple[int, list[str]]:
    """The exit code and the lines of a start that is refused."""
    server = Server(instance, *flags, **environment)
    code = server.process.wait(timeout=30)
    return code, server.said().splitlines()


def eventually(condition) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def family(server: Server) -> list[psutil.Process]:
    parent = psutil.Process(server.process.pid)
    return [parent, *parent.children(recursive=True)]


def gone(processes: list[psutil.Process]) -> bool:
    return all(not p.is_running() or p.status() == psutil.STATUS_ZOMBIE for p in processes)


def test_empty_installation_prints_a_link_that_opens(server: Server) -> None:
    (link,) = re.findall(r"http://\S+/invitation/\S+", server.said())
    assert link.startswith(server.url)
    assert server.get(link.removeprefix(server.url)).status == 200


def test_what_was_printed_serves(server: Server) -> None:
    assert f"Serving on {server.url}" in server.said()
    assert [server.get(path).status for path in ("/healthz", "/readyz")] == [200, 200]


def test_interrupt_ends_all_processes(server: Server) -> None:
    processes = family(server)
    assert len(processes) >= 5  # the parent, granian, its two workers, the worker of jobs
    assert server.stop() == 0
    assert gone(processes)
    assert server.said().splitlines()[-1] == "Stopped"


def test_killed_parent_takes_all_processes_along(server: Server) -> None:
    processes = family(server)
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    assert eventually(lambda: gone(processes[1:]))


def test_killed_web_process_is_replaced(server: Server) -> None:
    granian = next(p for p in family(server)[1:] if len(p.children()) == 2)
    victim = granian.children()[0]
    victim.kill()
    assert eventually(lambda: len([p for p in granian.children() if p.pid != victim.pid]) == 2)
    assert eventually(lambda: server.get("/healthz").status == 200)


def test_passphrases_being_tried_leave_a_thread_for_pages(instance: Path) -> None:
    """An account's tries at once are as many as a worker's threads less one."""
    server = Server(instance, workers=1).wait()
    form = server.get("/sign-in")
    cookie = str(form.headers["Set-Cookie"]).partition(";")[0]
    (token,) = re.findall(rb'name="csrf_token" value="([^"]+)"', form.body)
    body = f"email=nobody@example.org&passphrase=a+guess&csrf_token={token.decode()}"
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    started, ended = time.monotonic(), list[float]()

    def guess() -> None:
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
            connection.request("POST", "/sign-in", body, headers)
            assert connection.getresponse().status == 422
        ended.append(time.monotonic() - started)

    guesses = [Thread(target=guess) for _ in range(limits.AT_ONCE)]
    for one in guesses:
        one.start()
    time.sleep(0.05)
    pages = list[float]()
    while len(ended) < len(guesses):
        assert server.get("/healthz").status == 200
        pages.append(time.monotonic() - started)
    server.stop()
    assert len([at for at in pages if at < min(ended)]) >= 3


# -- others' slowness ----------------------------------------------------------------------

FORM = "application/x-www-form-urlencoded"
HEAD = f"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {FORM}\r\n"
SIZED, CHUNKED = "Content-Length: 1000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"
TWIN = """
import sys
from granian.constants import Interfaces
from granian.server import Server
from supervision import serve

def plainly(_target, host, port, workers):
    return Server(
        "supervision.serve:load", host, port, interface=Interfaces.WSGI, workers=workers,
        blocking_threads=serve.THREADS, factory=True,
    )

serve.web_server = plainly
sys.exit(serve.main())
"""


class WithoutFront(Server):
    """The broken twin: threads read bodies themselves."""

    PROGRAM = ("-c", TWIN)


@contextmanager
def stalled(server: Server, sizes: list[str]) -> Iterator[list[socket.socket]]:
    """Clients that send the head of a form, twelve bytes of it, and no more."""
    with ExitStack() as stack:
        found = []
        for size in sizes:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall((HEAD + size).encode())
            client.sendall(b"c\r\nemail=nobody\r\n" if size == CHUNKED else b"email=nobody")
            found.append(client)
        yield found


def answered(server: Server, *paths: str) -> list[int | None]:
    """The statuses of pages, None for one that does not come within seconds."""
    found: list[int | None] = []
    for path in paths:
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
            try:
                connection.request("GET", path)
                found.append(connection.getresponse().status)
            except TimeoutError:
                found.append(None)
    return found


@pytest.mark.parametrize("size", [SIZED, CHUNKED])
def test_forms_that_do_not_come_hold_nobody_up(server: Server, size: str) -> None:
    with stalled(server, [size] * 60):
        assert answered(server, "/healthz", "/sign-in") == [200, 200]
    assert answered(server, "/healthz") == [200]


def test_forms_that_do_not_come_hold_all_up_where_threads_read_them(instance: Path) -> None:
    server = WithoutFront(instance, workers=1).wait()
    try:
        with stalled(server, [SIZED] * 12):
            assert eventually(lambda: answered(server, "/healthz") == [None])
    finally:
        server.process.kill()
        server.process.wait()


def test_form_that_does_not_come_is_given_up(server: Server) -> None:
    with stalled(server, [SIZED, CHUNKED]) as clients:
        for client in clients:
            client.settimeout(front.PATIENCE * 2)
            assert client.recv(4096).startswith(b"HTTP/1.1 408 ")
            while client.recv(4096):
                pass  # and the connection is closed


def test_form_larger_than_any_is_refused_before_it_comes(server: Server) -> None:
    with stalled(server, ["Content-Length: 5000000000\r\n\r\n"]) as (client,):
        client.settimeout(10)
        assert client.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_heads_that_do_not_end_and_readers_that_stop_hold_nobody_up(server: Server) -> None:
    with ExitStack() as stack:
        for begun in [HEAD.encode()] * 60 + [
            b"GET /static/app.css HTTP/1.1\r\nHost: localhost\r\n\r\n"
        ] * 12:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(begun)
        assert answered(server, "/healthz", "/sign-in") == [200, 200]


def test_connections_that_send_nothing_hold_nobody_up(instance: Path) -> None:
    """More than granian keeps by itself; they are let go long before half a minute."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    running = Server(instance, workers=1).wait()
    try:
        with ExitStack() as stack:
            where = ("127.0.0.1", running.port)
            idle = [stack.enter_context(socket.create_connection(where)) for _ in range(1200)]
            assert answered(running, "/healthz") == [200]
            idle[0].settimeout(serve.HEAD_PATIENCE / 1000 * 2)
            assert idle[0].recv(1) == b""
    finally:
        running.stop()


def test_client_that_takes_no_answer_is_let_go(server: Server) -> None:
    asked = b"GET /static/app.css HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200
    with closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        own = client.getsockname()[1]
        client.sendall(asked)
        assert connected(server, own)
        time.sleep(front.PATIENCE)
        assert eventually(lambda: not connected(server, own))


def connected(server: Server, port: int) -> bool:
    """Whether a process of the server keeps the connection with this port of a client."""
    return any(
        one.raddr and one.raddr[1] == port and one.laddr[1] == server.port
        for process in family(server)
        for one in process.net_connections("tcp")
    )


def test_answer_that_breaks_off_does_not_look_whole(tmp_path: Path) -> None:
    port, output = free_port(), tmp_path / "output"
    command = [sys.executable, "-m", "tests.support.breaking", str(port)]
    with output.open("w") as kept, closing(HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        process = subprocess.Popen(command, cwd=ROOT, stdout=kept, stderr=kept)
        try:
            assert eventually(lambda: listening(port))
            client.request("GET", "/whole")
            assert client.getresponse().read() == b"onetwo"
            client.request("GET", "/breaks")
            with pytest.raises((IncompleteRead, ConnectionError)):
                client.getresponse().read()
        finally:
            process.terminate()
            process.wait(timeout=30)
    assert ("LookupError" in output.read_text(), "wrote" in output.read_text()) == (True, False)


def listening(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_head_larger_than_any_is_refused(server: Server) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as client:
        client.sendall(HEAD.encode() + b"Cookie: session=" + b"A" * 500_000)
        assert client.recv(4096).startswith(b"HTTP/1.1 431 ")


def test_made_up_accounts_at_once_leave_threads_for_pages(server: Server) -> None:
    """Of 24 tries from one address at once a few are heard; the others are told to come again."""
    form = server.get("/sign-in")
    cookie = str(form.headers["Set-Cookie"]).partition(";")[0]
    (token,) = re.findall(rb'name="csrf_token" value="([^"]+)"', form.body)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}

    def guess(n: int) -> tuple[int, str | None]:
        body = f"email=guess{n}@example.org&passphrase=a+guess&csrf_token={token.decode()}"
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
            connection.request("POST", "/sign-in", body, headers)
            response = connection.getresponse()
            return response.status, response.headers["Retry-After"]

    with ThreadPoolExecutor(24) as pool:
        ends = list(pool.map(guess, range(24)))
    assert set(ends) == {(422, None), (429, "1")}
    assert answered(server, "/healthz") == [200]


def test_other_hosts_are_misdirected(server: Server) -> None:
    found = [
        server.get("/sign-in", {"Host": host}).status for host in ("evil.example", "localhost")
    ]
    assert found == [421, 200]


def test_memory_folder_is_private_and_removed_at_the_end(server: Server) -> None:
    log = next(
        Path(file.path).parent
        for process in family(server)
        for file in process.open_files()
        if file.path.endswith("serve.lock")
    )
    assert log.stat().st_mode & 0o777 == 0o700
    server.stop()
    assert not log.exists()


def test_secrets_are_not_in_a_process_that_was_started(server: Server) -> None:
    for process in family(server):
        assert "_SUPERVISION_BOOT_KEY" not in process.environ()


def test_second_start_keeps_the_data(instance: Path) -> None:
    said = []
    for _ in range(2):
        server = Server(instance).wait()
        server.stop()
        said.append(server.said())
    assert ["Preparing the database" in text for text in said] == [True, False]


def test_name_of_this_machine_is_listened_to(instance: Path) -> None:
    server = Server(instance, "--host", "localhost").wait()
    try:
        assert f"http://localhost:{server.port}/invitation/" in server.said()
        assert server.get("/healthz").status == 200
    finally:
        server.stop()


@pytest.mark.parametrize("host", ["no..name", "n" * 70])
def test_name_that_leads_nowhere_is_one_line(instance: Path, host: str) -> None:
    code, lines = refusal(instance, "--host", host)
    assert (code, lines) == (
        1,
        [f"{REFUSED}--host {host}: no such name on this machine or its network."],
    )


def test_no_process_of_the_server_shows_its_memory_to_others(instance: Path) -> None:
    """Each says so itself: the parent, the web processes, the worker."""
    told = instance.with_suffix(".told")
    server = type("Telling", (Server,), {"PROGRAM": ("-c", TELLING)})(
        instance, TOLD=str(told)
    ).wait()
    try:
        assert eventually(lambda: set(told.read_text().split()) == {"web=0", "work=0", "parent=0"})
    finally:
        server.stop()


TELLING = """
import ctypes, os, sys
from pathlib import Path
from supervision import serve

def tell(who):
    with Path(os.environ["TOLD"]).open("a") as file:
        file.write(f"{who}={ctypes.CDLL(None).prctl(3)} ")

def telling(who, act):
    def told(*given):
        tell(who)
        return act(*given)
    return told

serve.load = telling("web", serve.load)
serve.Keeper._work = telling("work", serve.Keeper._work)
serve.Keeper.run = telling("parent", serve.Keeper.run)
sys.exit(serve.main())
"""


def test_unknown_setting_is_one_line(instance: Path) -> None:
    code, lines = refusal(instance, SUPERVISION_COLOUR="blue")
    assert code == 1
    assert lines == [f"{REFUSED}SUPERVISION_COLOUR: is not a setting that Supervision knows"]


def test_public_host_without_https_is_one_line(instance: Path) -> None:
    code, lines = refusal(instance, "--host", "0.0.0.0")
    assert (code, len(lines)) == (1, 1)
    assert "https" in lines[0]


def test_public_host_behind_a_local_address_is_one_line(instance: Path) -> None:
    code, lines = refusal(
        instance, "--host", "0.0.0.0", SUPERVISION_BASE_URL="http://127.0.0.1:8000"
    )
    assert (code, len(lines)) == (1, 1)
    assert "https" in lines[0]


def test_database_that_is_not_there_is_one_line(instance: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/missing/supervision.sqlite"
    code, lines = refusal(instance, SUPERVISION_DATABASE_URL=url)
    assert (code, lines) == (
        1,
        [f"{REFUSED}The database cannot be used: unable to open database file."],
    )


def test_database_server_that_is_not_there_is_one_line(instance: Path) -> None:
    url = "postgresql+psycopg://nobody:s3cret@127.0.0.1:9/none"
    code, lines = refusal(instance, SUPERVISION_DATABASE_URL=url)
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith(f"{REFUSED}The database cannot be used: ")
    assert "s3cret" not in lines[0]


def test_database_that_is_no_database_is_one_line(instance: Path) -> None:
    instance.mkdir()
    (instance / "supervision.sqlite").write_bytes(b"this is a letter, not a database" * 100)
    code, lines = refusal(instance)
    assert (code, lines) == (
        1,
        [f"{REFUSED}The database cannot be used: file is not a database."],
    )


def test_database_that_cannot_be_written_is_one_line(instance: Path) -> None:
    Server(instance).wait().stop()
    with closing(sqlite3.connect(instance / "supervision.sqlite")) as file:
        file.execute("PRAGMA journal_mode = DELETE")
        # Permissions do not stop root; a trigger that refuses every change does.
        file.execute(
            "CREATE TRIGGER closed BEFORE UPDATE ON alembic_version"
            " BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END"
        )
    code, lines = refusal(instance)
    assert (code, lines) == (
        1,
        [
            f"{REFUSED}The database cannot be used: attempt to write a readonly database.",
        ],
    )


def test_database_newer_than_the_code_is_one_line(instance: Path) -> None:
    Server(instance).wait().stop()
    with closing(sqlite3.connect(instance / "supervision.sqlite")) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
        file.commit()
    code, lines = refusal(instance)
    assert (code, lines) == (
        1,
        [f"{REFUSED}The database is newer than this version of Supervision."],
    )


def test_taken_port_is_one_line(server: Server, instance: Path) -> None:
    code, lines = refusal(instance, "--port", str(server.port))
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith(f"{REFUSED}Port {server.port} on 127.0.0.1: ")


@pytest.mark.parametrize("flags", [("--port", "0"), ("--port", "x"), ("--workers", "0")])
def test_bad_flag_is_explained(instance: Path, flags: tuple[str, str]) -> None:
    code, lines = refusal(instance, *flags)
    assert code == 2
    assert lines[-1].startswith(f"bin/serve: error: argument {flags[0]}: ")


def test_commands_are_shell_that_parses() -> None:
    root = Path(__file__).parents[1]
    for name in ("bin/_setup", "bin/serve", "bin/test", "bin/bench", ".ci/run"):
        assert subprocess.run(["sh", "-n", root / name], check=False).returncode == 0

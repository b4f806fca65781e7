"""Sixty-four wrong passphrases at once, and what others feel of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from threading import Event, Thread

from bench.load import Ask, answer, drive
from bench.measure import percentile
from bench.stage import Stage

TRIES = 64
CALM = 200
PAGE = "/calendar"


@dataclass(frozen=True)
class Storm:
    """Milliseconds of a page amid the storm and without it, at the median; how tries ended."""

    beside: float
    calm: float
    heard: int
    refused: int


def storm(stage: Stage) -> Storm:
    """Alice's passphrase is guessed at; somebody else goes on reading their calendar."""
    server, over = stage.server("sqlite"), Event()
    pages = repeat(Ask(PAGE, headers={"Cookie": stage.cookie("sqlite", alone=True)}))
    drive(server.port, pages, 50)
    calm = drive(server.port, pages, CALM)
    beside: list[float] = []
    reader = Thread(target=_read, args=(server.port, pages, over, beside))
    reader.start()
    with ThreadPoolExecutor(TRIES) as pool:
        statuses = list(pool.map(answer, repeat(server.port), _tries(stage)))
    over.set()
    reader.join()
    return Storm(
        percentile(beside, 0.5) * 1000,
        percentile(calm, 0.5) * 1000,
        TRIES - statuses.count(429),
        statuses.count(429),
    )


def _read(port: int, pages: Iterator[Ask], over: Event, seconds: list[float]) -> None:
    while not over.is_set():
        seconds += drive(port, pages, 1)


def _tries(stage: Stage) -> Iterator[Ask]:
    form = {"passphrase": "a wrong one, surely", "csrf_token": stage.csrf_token("sqlite")}
    headers = {"Cookie": stage.cookie("sqlite")}
    return repeat(Ask("/unlock", 422, headers, form), TRIES)

"""Rounds: two sides asked by turns in random order, the medians of their costs."""

import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bench.load import Ask, drive
from bench.servers import Running

ROUNDS = 5
# A round must use this much CPU, since the kernel counts in hundredths of a second.
ENOUGH = 0.6
LEAST, MOST = 8, 4000


@dataclass
class Row:
    """One line of the table: what ours costs, what stands beside it, and the goal."""

    name: str
    case: str
    ours: float
    beside: float
    ratio: float
    limit: float | None
    sense: Literal["at least", "at most"]
    unit: str = "CPU ms"
    rounds: list[tuple[float, float]] = field(default_factory=list)

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None where there is none."""
        if self.limit is None:
            return None
        return self.ratio >= self.limit if self.sense == "at least" else self.ratio <= self.limit


class Side:
    """A server and what is asked of it; `cost()` is CPU ms a request."""

    def __init__(self, server: Running, asks: Iterator[Ask]) -> None:
        self._server = server
        self._asks = asks
        self._count = 0

    def _spent(self, count: int) -> float:
        before = self._server.cpu()
        drive(self._server.port, self._asks, count)
        return self._server.cpu() - before

    def cost(self) -> float:
        """Warms up and finds a fitting number of requests at its first call."""
        if not self._count:
            drive(self._server.port, self._asks, LEAST)
            count, spent = LEAST, self._spent(LEAST)
            while spent < ENOUGH / 10 and count < MOST // 10:
                count *= 4
                spent = self._spent(count)
            self._count = min(MOST, max(LEAST, round(count * ENOUGH / max(spent, 0.01))))
        return self._spent(self._count) / self._count * 1000


def compare(
    name: str,
    case: str,
    ours: Callable[[], float],
    beside: Callable[[], float],
    limit: float | None,
    sense: Literal["at least", "at most"] = "at least",
    rounds: int = ROUNDS,
) -> Row:
    """Both costs by turns. The ratio is beside/ours for 'at least', ours/beside for 'at most'."""
    ours(), beside()
    seen: list[tuple[float, float]] = []
    for _ in range(rounds):
        sides = [ours, beside]
        random.shuffle(sides)
        costs = {id(side): side() for side in sides}
        seen.append((costs[id(ours)], costs[id(beside)]))
    mine, other = (statistics.median(costs) for costs in zip(*seen, strict=True))
    ratio = other / mine if sense == "at least" else mine / other
    return Row(name, case, mine, other, ratio, limit, sense, rounds=seen)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies."""
    return sorted(values)[min(len(values) - 1, round(len(values) * share))]

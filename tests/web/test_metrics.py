"""Metrics: counted by endpoint and status, summed over processes."""

import shutil
from multiprocessing import get_context
from pathlib import Path

import pytest

from supervision.web import metrics
from supervision.web.metrics import Meter, Sums


def _serve(folder: Path, seconds: float) -> None:
    Meter(lambda: folder).request("home.index", "GET", 200, seconds)


def lines(meter: Meter) -> list[str]:
    return [line for line in meter.text().decode().splitlines() if not line.startswith("#")]


def test_processes_are_summed_up(tmp_path) -> None:
    _serve(tmp_path, 0.015625)
    for seconds in (0.375, 7.0):
        process = get_context("spawn").Process(target=_serve, args=(tmp_path, seconds))
        process.start()
        process.join()
    found = lines(Meter(lambda: tmp_path))
    labels = 'endpoint="home.index"'
    assert f'supervision_requests_total{{{labels},method="GET",status="200"}} 3.0' in found
    counts = [line.rpartition(" ")[2] for line in found if "_bucket" in line]
    assert counts == ["0.0", "0.0", "1.0", "1.0", "1.0", "1.0", "2.0", "2.0", "2.0", "3.0"]
    assert f"supervision_request_seconds_count{{{labels}}} 3.0" in found
    assert f"supervision_request_seconds_sum{{{labels}}} 7.390625" in found


def test_bound_belongs_to_the_bucket_below_it(tmp_path) -> None:
    meter = Meter(lambda: tmp_path)
    meter.request("home.index", "GET", 200, 0.005)
    labels = 'endpoint="home.index",le="0.005"'
    assert f"supervision_request_seconds_bucket{{{labels}}} 1.0" in lines(meter)


def test_nothing_measured_is_an_empty_page(tmp_path) -> None:
    assert lines(Meter(lambda: tmp_path)) == []


def test_names_beyond_the_most_are_left_out(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST", 2)
    sums = Sums(tmp_path)
    for name in "abcab":
        sums.add((name,), 1)
    assert metrics.totals(tmp_path) == {("a",): 2, ("b",): 2}


def test_measuring_goes_on_after_its_files_were_taken_away(tmp_path) -> None:
    folder = tmp_path / "metrics"

    def where() -> Path:
        folder.mkdir(exist_ok=True)
        return folder

    meter = Meter(where)
    meter.request("home.index", "GET", 200, 0.1)
    shutil.rmtree(folder)
    for _ in range(3):
        meter.request("people.index", "GET", 200, 0.1)
    counted = {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in lines(meter)}
    labels = 'endpoint="people.index",method="GET",status="200"'
    assert counted[f"supervision_requests_total{{{labels}}}"] == "2.0"

"""The benchmarks run, and report what they say they do."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ..launch import ROOT, Serve
from .load import Connection, Counter, Order
from .measure import Sample, Settings, WrongAnswerError, check, measure, rotated
from .names import THIS
from .peers import PEERS
from .report import as_json, as_text, figures, ratio
from .scenarios import SCENARIOS, Scenario

TINY = Settings(rounds=2, seconds=0.2, warm_up=0.1, connections=4)


def sample(rate: float, errors: int = 0) -> Sample:
    return Sample(rate=rate, p50=0.001, p99=0.01, errors=errors, cpu=1.0, load_cpu=0.4)


def test_two_peers_are_measured_side_by_side() -> None:
    """Every scenario gives every peer's figures, one sample a round, and right answers only."""
    peers = {name: PEERS[name] for name in ("bare", "starlette-async")}
    samples = measure(peers, SCENARIOS, TINY)
    report = json.loads(json.dumps(as_json(samples, TINY)))
    common = [name for name, scenario in SCENARIOS.items() if any(map(scenario.is_for, peers))]
    assert list(report["results"]) == common
    for name, results in report["results"].items():
        assert list(results) == [peer for peer in peers if SCENARIOS[name].is_for(peer)]
        for found in results.values():
            assert found["errors"] == 0
            assert found["rate"] > 0
            assert 0 < found["p50_ms"] <= found["p99_ms"]
            assert len(found["rates"]) == TINY.rounds
            assert found["ratio"] is None
    text = as_text(report, SCENARIOS, peers)
    assert all(f"\n{name}: " in text for name in common)


def test_ratio_is_the_median_of_the_rounds_own() -> None:
    """A round that was slow for all does not change the ratio."""
    ours = [sample(200), sample(20), sample(300)]
    theirs = [sample(100), sample(10), sample(100)]
    assert ratio(ours, theirs) == 2.0
    assert ratio(ours, [sample(0), *theirs[1:]]) is None
    assert figures(theirs, ours)["ratio"] == 2.0
    assert figures(theirs, ours)["rate"] == 100.0


def test_report_shows_ratios_and_errors() -> None:
    """The table compares every peer with this project, fastest first, and shows wrong answers."""
    samples = {"text": {THIS: [sample(150)], "bare": [sample(200, errors=3)]}}
    text = as_text(as_json(samples, TINY), SCENARIOS, {name: PEERS[name] for name in (THIS, "bare")})
    rows = text.splitlines()[4:6]
    assert rows[0].split() == ["bare", "200", "1.00", "10.0", "100%", "0.75", "x", "3", "ERRORS"]
    assert rows[1].split() == [THIS, "150", "1.00", "10.0", "100%"]


def test_wrong_answers_are_not_measured(serve: Serve) -> None:
    """A peer whose answer is not the right one stops the benchmark before anything is measured."""
    app = serve("", command=PEERS["bare"].command, env={"PYTHONPATH": str(ROOT)})
    check("bare", app.port, SCENARIOS["form"])
    with pytest.raises(WrongAnswerError, match="bare answers / with 200: 'Hello, World'"):
        check("bare", app.port, Scenario("", "/", contains="Goodbye"))


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"], True),
        ([b"HTTP/1.1 200 OK\r\nContent-", b"Length: 5\r\n\r", b"\nhe", b"llo"], True),
        ([b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell"], False),
        ([b"HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n"], True),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"], False),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b"0\r\n\r\n"], True),
    ],
)
def test_load_generator_finds_the_end_of_an_answer(pieces: list[bytes], whole: bool) -> None:
    """An answer ends where its length or its last chunk says, in whatever pieces it comes."""

    class Recorded(Connection):
        ended = False

        def answered(self) -> None:
            self.ended = True

    order = Order(port=1, request="", status=200, connections=1, seconds=1, warm_up=0)
    connection = Recorded(Counter(order, b""))
    for piece in pieces:
        connection.data_received(piece)
    assert connection.ended is whole


def test_rounds_begin_with_another_peer() -> None:
    """Each round has another order, and all peers."""
    assert [rotated("abc", turn) for turn in range(4)] == [list("abc"), list("bca"), list("cab"), list("abc")]


def test_unknown_scenario_is_refused() -> None:
    """The command line names the scenarios when it does not know one."""
    command = [sys.executable, "-m", "tests.benchmarks", "--scenario", "nosuch"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 2
    assert "template" in done.stderr

"""Runs the peers side by side: all servers are up, and in each round every one is loaded in turn."""

from __future__ import annotations

import contextlib
import http.client
import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import psutil

from atila_compat.migrate.progress import Progress

from ..launch import ROOT, Launched
from ..servers import HOST
from .load import Order, Outcome
from .peers import Peer
from .scenarios import Scenario
from .sources import sources

CHECK_SECONDS = 20


@dataclass(frozen=True)
class Settings:
    """How it is measured.

    Attributes:
        rounds: how often each peer is loaded with each scenario.
        seconds: how long answers are counted each time.
        warm_up: how long the load runs before that, in seconds.
        connections: kept alive at the same time.
    """

    rounds: int = 5
    seconds: float = 2.0
    warm_up: float = 0.4
    connections: int = 32


@dataclass(frozen=True)
class Sample:
    """One round of one peer with one scenario.

    Attributes:
        rate: answers a second.
        p50, p99: time to an answer, in seconds.
        errors: answers with a wrong status, and connections that broke.
        cpu: share of one processor that the server took.
        load_cpu: the same of the load generator: near 1 it was what was measured.
    """

    rate: float
    p50: float
    p99: float
    errors: int
    cpu: float
    load_cpu: float


class WrongAnswerError(Exception):
    """A peer does not answer a scenario as it should."""


class LoadGenerator:
    """The load generator's process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.load"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def carry_out(self, order: Order) -> Outcome:
        """Load a server as ordered; RuntimeError when the load generator fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the load generator ended while it loaded port {order.port}")
        return Outcome(**json.loads(line))

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=20)


def allow_files(count: int) -> None:
    """Have so many files and connections open, where the system lets us; processes started later, too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count)), hard))


def visit(port: int, scenario: Scenario) -> str:
    """The Cookie header that a client has after the scenario's first visit."""
    if not scenario.visit:
        return ""
    connection = http.client.HTTPConnection(HOST, port, timeout=CHECK_SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", scenario.visit)
        response = connection.getresponse()
        response.read()
    set_cookies = response.headers.get_all("Set-Cookie") or []
    return "; ".join(cookie.partition(";")[0] for cookie in set_cookies)


def check(name: str, port: int, scenario: Scenario) -> None:
    """Ask once, as the load does; WrongAnswerError when the answer is not the right one."""
    connection = http.client.HTTPConnection(HOST, port, timeout=CHECK_SECONDS)
    with contextlib.closing(connection):
        connection.connect()
        connection.sock.sendall(scenario.request().encode("latin1"))
        response = http.client.HTTPResponse(connection.sock, method=scenario.method)
        response.begin()
        body = response.read().decode("utf8", "replace")
    if response.status != scenario.status or scenario.contains not in body:
        raise WrongAnswerError(f"{name} answers {scenario.path} with {response.status}: {body[:300]!r}")


def processor_seconds(process: psutil.Process) -> float:
    """The time that a process and its children have spent on processors."""
    total = 0.0
    for member in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = member.cpu_times()
            total += times.user + times.system
    return total


def sample(generator: LoadGenerator, server: Launched, scenario: Scenario, settings: Settings) -> Sample:
    """Load a server once."""
    order = Order(
        port=server.port,
        request=scenario.request(visit(server.port, scenario)),
        status=scenario.status,
        connections=scenario.connections or settings.connections,
        seconds=settings.seconds,
        warm_up=settings.warm_up,
    )
    process = psutil.Process(server.process.pid)
    before = processor_seconds(process)
    outcome = generator.carry_out(order)
    spent = processor_seconds(process) - before
    return Sample(
        rate=outcome.answers / outcome.seconds,
        p50=outcome.p50,
        p99=outcome.p99,
        errors=outcome.wrong + outcome.broken,
        cpu=spent / (outcome.seconds + settings.warm_up),
        load_cpu=outcome.cpu,
    )


@contextlib.contextmanager
def running(peers: Mapping[str, Peer], env: Mapping[str, str] | None = None) -> Iterator[dict[str, Launched]]:
    """All peers' servers, up."""
    with contextlib.ExitStack() as stack:
        servers = {}
        for name, peer in peers.items():
            servers[name] = Launched(peer.command, peer.folder, env=env)
            stack.callback(servers[name].kill)
        yield servers


def measure(
    peers: Mapping[str, Peer], scenarios: Mapping[str, Scenario], settings: Settings
) -> dict[str, dict[str, list[Sample]]]:
    """Samples by scenario and peer, one a round; each round begins with another peer.

    Raises WrongAnswerError when a peer does not answer as it should, RuntimeError when one does not start.
    """
    turns = [
        (name, [peer for peer in peers if scenario.is_for(peer)]) for name, scenario in scenarios.items()
    ]
    turns = [(name, able) for name, able in turns if able]
    found: dict[str, dict[str, list[Sample]]] = {name: {peer: [] for peer in able} for name, able in turns}
    needs = [need for name, _ in turns for need in scenarios[name].needs]
    with (
        sources(needs) as env,
        running(peers, env) as servers,
        contextlib.closing(LoadGenerator()) as generator,
    ):
        for name, able in turns:
            for peer in able:
                check(peer, servers[peer].port, scenarios[name])
        progress = Progress(settings.rounds * sum(len(able) for _, able in turns), lines=True)
        for turn in range(settings.rounds):
            for name, able in turns:
                for peer in rotated(able, turn):
                    found[name][peer].append(sample(generator, servers[peer], scenarios[name], settings))
                    progress.step(f"round {turn + 1}: {name}, {peer}")
        progress.close()
    return found


def rotated(names: Sequence[str], turn: int) -> list[str]:
    """The same names, beginning with another one each turn."""
    start = turn % len(names)
    return [*names[start:], *names[:start]]


def turns(about: str, rounds: int, names: Sequence[str]) -> Iterator[str]:
    """Whose turn it is, with progress; each round has all names and begins with another one."""
    progress = Progress(rounds * len(names), lines=True)
    for turn in range(rounds):
        for name in rotated(names, turn):
            yield name
            progress.step(f"{about}: round {turn + 1}, {name}")
    progress.close()

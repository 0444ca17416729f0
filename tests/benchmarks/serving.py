"""Figures of a service in production: `python -m tests.benchmarks.serving`. No test asserts them.

Throughput of one worker and of two, cost of the access log, time to the first answer, time to stop, memory
after many requests, many connections, the effect of a slowloris on others.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from textwrap import dedent

import psutil

from ..launch import RUN, Launched
from ..production.traffic import service
from ..servers import HOST
from .load import Order, Outcome
from .measure import LoadGenerator, allow_files

REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
BATCH = 500
"""Connections that ask at the same time: more would meet the limit of the queue."""


@contextlib.contextmanager
def _running(*args: str, **conf: object) -> Iterator[Launched]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "serve.py").write_text(dedent(service(**conf)))
        app = Launched(RUN, folder, args)
        try:
            yield app
        finally:
            app.stop()


def _load(
    generator: LoadGenerator, app: Launched, seconds: float, connections: int = 32, path: str = "/"
) -> Outcome:
    request = REQUEST.replace("/", path, 1)
    return generator.carry_out(
        Order(app.port, request, 200, connections=connections, seconds=seconds, warm_up=0.5)
    )


def throughput(generator: LoadGenerator, seconds: float, rounds: int) -> None:
    """One worker, two workers, with the access log and without, in turns; for a handler that does nothing.

    Two workers and the load generator have two processors between them. A worker that only hands on answers
    keeps the generator busy, so two of them are loaded with a handler that does something, too.
    """
    with contextlib.ExitStack() as stack:
        apps = {
            "1 worker": stack.enter_context(_running()),
            "1 worker, no access log": stack.enter_context(_running(access_log="")),
            "2 workers": stack.enter_context(_running("--workers=2")),
        }
        loads = {name: (app, "/") for name, app in apps.items()}
        loads |= {f"{name}, rows": (apps[name], "/rows") for name in ("1 worker", "2 workers")}
        rates: dict[str, list[float]] = {name: [] for name in loads}
        for _ in range(rounds):
            for name, (app, path) in loads.items():
                outcome = _load(generator, app, seconds, path=path)
                assert not outcome.wrong, name
                assert not outcome.broken, name
                rates[name].append(outcome.answers / outcome.seconds)
    for name, each in rates.items():
        print(f"{name:<28}{median(each):>10.0f} requests/s")

    def ratio(name: str, to: str) -> float:
        return median(one / other for one, other in zip(rates[name], rates[to], strict=True))

    print(f"{'two workers over one':<28}{ratio('2 workers', '1 worker'):>10.2f}")
    print(f"{'the same, rows':<28}{ratio('2 workers, rows', '1 worker, rows'):>10.2f}")
    print(f"{'cost of the access log':<28}{1 - ratio('1 worker', '1 worker, no access log'):>10.1%}")


def start_and_stop(rounds: int) -> None:
    """From the command to the first answer, and from SIGTERM to the end, with two workers that are idle."""
    starts, stops = [], []
    for _ in range(rounds):
        began = time.monotonic()
        with _running("--workers=2") as app:
            assert app.client.get("/").text == "hello"
            starts.append(time.monotonic() - began)
            time.sleep(1.2)
            began = time.monotonic()
            app.process.terminate()
            app.process.wait()
            stops.append(time.monotonic() - began)
    print(f"{'start to first answer':<28}{median(starts):>10.2f} s")
    print(f"{'shutdown when idle':<28}{median(stops):>10.2f} s")


def memory(generator: LoadGenerator, few: int, many: int) -> None:
    """Resident memory after some requests and after many."""
    with _running() as app:
        process = psutil.Process(app.process.pid)
        done, found = 0, []
        for goal in (few, many):
            while done < goal:
                done += _load(generator, app, 2).answers
            found.append(process.memory_info().rss)
    change = found[1] / found[0] - 1
    print(
        f"{f'memory after {few}, {done}':<28}{found[0] / 2**20:>10.1f} MiB, "
        f"{found[1] / 2**20:.1f} MiB ({change:+.1%})"
    )


def connections(count: int) -> None:
    """Keep-alive connections that are held, each answered twice."""
    with _running(keep_alive=60) as app, contextlib.ExitStack() as stack:
        process = psutil.Process(app.process.pid)
        before = process.memory_info().rss
        held = []
        for number in range(count):
            held.append(stack.enter_context(socket.create_connection((HOST, app.port), timeout=60)))
            if number % 500 == 0:  # the kernel's queue of connections has an end
                time.sleep(0.1)
        for _ in range(2):
            for batch in (held[begin : begin + BATCH] for begin in range(0, count, BATCH)):
                for each in batch:
                    each.sendall(REQUEST.encode())
                for each in batch:
                    found = b""
                    while not found.endswith(b"hello"):
                        found += each.recv(4096)
        grown = process.memory_info().rss - before
    print(f"{f'{count} connections':<28}{grown / count / 1024:>10.1f} KiB each")


def slowloris(generator: LoadGenerator, count: int, seconds: float) -> None:
    """Time to an answer of others, without and with so many clients whose heads do not end."""
    with _running(network_timeout=60) as app, contextlib.ExitStack() as stack:
        calm = _load(generator, app, seconds, connections=4)
        slow = [stack.enter_context(socket.create_connection((HOST, app.port))) for _ in range(count)]
        for each in slow:
            each.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-")
        beset = _load(generator, app, seconds, connections=4)
    print(
        f"{f'slowloris of {count}':<28}p99 {calm.p99 * 1000:.2f} ms before, "
        f"{beset.p99 * 1000:.2f} ms during it ({beset.p99 / calm.p99:.2f} x)"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.serving", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--few", type=int, default=20_000, help="requests before memory is looked at first")
    parser.add_argument("--many", type=int, default=200_000, help="requests before it is looked at again")
    parser.add_argument("--connections", type=int, default=5_000)
    given = parser.parse_args(argv)
    allow_files(given.connections + 1000)
    generator = LoadGenerator()
    try:
        start_and_stop(given.rounds)
        throughput(generator, given.seconds, given.rounds)
        slowloris(generator, 500, given.seconds)
        connections(given.connections)
        memory(generator, given.few, given.many)
    finally:
        generator.close()


if __name__ == "__main__":
    main()

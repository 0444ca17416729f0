"""What comes in besides plain requests, beside its peers: python -m tests.benchmarks.protocols

A large upload and messages of WebSockets against Starlette on uvicorn, unary gRPC against a bare grpc.aio
server, XML-RPC against the original. Both servers of a comparison are up at the same time and are loaded in
turn, so that whatever else the machine does meets both; ratios are medians of the rounds' own ratios. No test
asserts the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from ..launch import ROOT, Launched
from ..servers import HOST, free_port, listening, wait_until
from .figures import Figure, Target, report
from .load import CALLS, END, Order, Outcome, text_frame
from .measure import (
    CHECK_SECONDS,
    LoadGenerator,
    Settings,
    WrongAnswerError,
    allow_files,
    measure,
    running,
    turns,
)
from .names import ORIGINAL, THIS
from .peers import APPS, MODULE, PEERS, UVICORN, Peer, original
from .scenarios import SCENARIOS

STARLETTE = "starlette"
GRPC = "grpc.aio"
WITH_STARLETTE = {
    THIS: PEERS[THIS],
    STARLETTE: Peer("Starlette on uvicorn", (*UVICORN, f"{MODULE}.starlette_protocols:app", "--port={port}")),
}
GREENHOUSE = ROOT / "examples" / "grpc"
MEBIBYTE = 2**20
BLOCK = bytes(range(256)) * 1024
"""What files that are uploaded consist of."""
SAMPLE_SECONDS = 0.005
UPGRADE = (
    f"GET /echo HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
MESSAGE = "a message of some thirty letters"


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        rounds: how often each server is loaded; of uploads and idle connections `few_rounds`.
        seconds: how long answers are counted each time.
        megabytes: of the file that is uploaded, in MiB.
        clients: of WebSockets that are echoed, and calls in flight.
        idle: WebSockets that are held open.
        warm_up: seconds of load that are not counted, before those that are.
        settle: seconds that idle connections have been silent when memory is looked at.
    """

    rounds: int = 9
    few_rounds: int = 3
    seconds: float = 2.0
    megabytes: int = 1024
    clients: int = 100
    idle: int = 2000
    warm_up: float = 0.5
    settle: float = 1.0


# -- uploads -------------------------------------------------------------------------------------------------


def upload(port: int, size: int) -> float:
    """Upload a file of so many bytes; gives the seconds until it was answered.

    Raises WrongAnswerError when the server does not take it, or does not tell its size.
    """
    head = (
        b'--limit\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n"
    )
    tail = b"\r\n--limit--\r\n"
    request = (
        f"POST /upload HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: multipart/form-data; boundary=limit\r\n"
        f"Content-Length: {len(head) + size + len(tail)}\r\nConnection: close\r\n\r\n"
    )
    began = time.perf_counter()
    try:
        with socket.create_connection((HOST, port), timeout=300) as connection:
            connection.sendall(request.encode() + head)
            for start in range(0, size, len(BLOCK)):
                connection.sendall(memoryview(BLOCK)[: size - start])
            connection.sendall(tail)
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    except OSError as error:
        raise WrongAnswerError(f"an upload of {size} bytes was not taken: {error}") from error
    took = time.perf_counter() - began
    body = answer.partition(END)[2]
    if not answer.startswith(b"HTTP/1.1 200 ") or json.loads(body) != {"size": size}:
        raise WrongAnswerError(f"an upload of {size} bytes was answered with {answer[:300]!r}")
    return took


@contextlib.contextmanager
def peak_memory(process: psutil.Process) -> Iterator[list[int]]:
    """The largest resident size, in bytes, that the process had meanwhile; in the list, at the end."""
    found = [process.memory_info().rss]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_SECONDS):
            found[0] = max(found[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


def uploads(sizes: Sizes) -> list[Figure]:
    """One large file in a form, kept on disk: bytes a second, and what the process grows by."""
    about = f"upload of {sizes.megabytes} MiB"
    rate = Figure(about, "MiB/s", Target("ratio", 0.8, at_least=True), STARLETTE)
    growth = Figure(f"{about}, growth", "MB", Target("ours", 10), STARLETTE, summary=max)
    with running(WITH_STARLETTE) as servers:
        processes = {peer: psutil.Process(server.process.pid) for peer, server in servers.items()}
        before = {}
        for peer, server in servers.items():
            upload(server.port, 1000)
            before[peer] = processes[peer].memory_info().rss
        for peer in turns(about, sizes.few_rounds, list(servers)):
            with peak_memory(processes[peer]) as peak:
                seconds = upload(servers[peer].port, sizes.megabytes * MEBIBYTE)
            (rate.ours if peer == THIS else rate.theirs).append(sizes.megabytes / seconds)
            grown = (peak[0] - before[peer]) / 1e6
            (growth.ours if peer == THIS else growth.theirs).append(grown)
    return [rate, growth]


# -- WebSockets ----------------------------------------------------------------------------------------------


def echo(sizes: Sizes) -> list[Figure]:
    """Messages that are echoed: WS_COROUTINE against `receive_text` and `send_text`."""
    about = f"WebSocket echo, {sizes.clients} clients"
    with running(WITH_STARLETTE) as servers:
        orders = {
            peer: Order(
                server.port,
                UPGRADE,
                101,
                sizes.clients,
                sizes.seconds,
                sizes.warm_up,
                protocol="websocket",
                message=MESSAGE,
            )
            for peer, server in servers.items()
        }
        return _loaded(about, "messages/s", 0.8, orders, servers, sizes.rounds)


@contextlib.contextmanager
def open_websocket(port: int) -> Iterator[None]:
    """A WebSocket that has been echoed once, and says nothing more; open while the block runs.

    Raises WrongAnswerError when there is none, or no echo.
    """
    with socket.create_connection((HOST, port), timeout=CHECK_SECONDS) as connection:
        connection.sendall(UPGRADE.encode())
        answer = b""
        while END not in answer and (received := connection.recv(4096)):
            answer += received
        if not answer.startswith(b"HTTP/1.1 101 "):
            raise WrongAnswerError(f"a WebSocket's handshake was answered with {answer[:300]!r}")
        connection.sendall(text_frame(MESSAGE.encode(), masked=True))
        if connection.recv(4096) != text_frame(MESSAGE.encode(), masked=False):
            raise WrongAnswerError("a WebSocket was not echoed")
        yield


def idle(sizes: Sizes) -> list[Figure]:
    """Memory for WebSockets that are open and silent, of servers that are new each time."""
    about = f"{sizes.idle} idle WebSockets"
    each = Figure(f"{about}, each", "KiB", Target("ratio", 1.3), STARLETTE)
    whole = Figure(f"{about}, the process", "MiB", Target("ratio", 1.3), STARLETTE)
    allow_files(sizes.idle + 1000)
    for peer in turns(about, sizes.few_rounds, list(WITH_STARLETTE)):
        with running({peer: WITH_STARLETTE[peer]}) as servers, contextlib.ExitStack() as stack:
            process = psutil.Process(servers[peer].process.pid)
            stack.enter_context(open_websocket(servers[peer].port))
            before = process.memory_info().rss
            for _ in range(sizes.idle):
                stack.enter_context(open_websocket(servers[peer].port))
            time.sleep(sizes.settle)
            after = process.memory_info().rss
        (each.ours if peer == THIS else each.theirs).append((after - before) / sizes.idle / 1024)
        (whole.ours if peer == THIS else whole.theirs).append(after / MEBIBYTE)
    return [each, whole]


# -- calls ---------------------------------------------------------------------------------------------------


def grpc(sizes: Sizes) -> list[Figure]:
    """Unary calls of the example's service, on a port of their own."""
    about = f"unary gRPC, {sizes.clients} calls in flight"
    port = free_port()
    launch = (sys.executable, "-m", "atila_compat", "run", "serve.py", "--port={port}")
    peers = {
        THIS: Peer("the example", (*launch, f"--grpc-port={port}"), GREENHOUSE),
        GRPC: Peer("grpc.aio", (sys.executable, str(APPS / "grpc_bare.py"), "{port}"), GREENHOUSE),
    }
    path = os.pathsep.join([str(ROOT), str(GREENHOUSE)])
    with running(peers, {"PYTHONPATH": path}) as servers:
        wait_until(lambda: listening(port), servers[THIS].process, servers[THIS].log)
        orders = {
            peer: Order(
                port if peer == THIS else server.port,
                "/greenhouse.v1.Sensors/Latest",
                200,
                max(1, sizes.clients // CALLS),
                sizes.seconds,
                sizes.warm_up,
                protocol="grpc",
                message="\n\x08tomatoes",  # what Place(name="tomatoes") is on the wire
            )
            for peer, server in servers.items()
        }
        return _loaded(about, "calls/s", 0.6, orders, servers, sizes.rounds)


def xmlrpc(sizes: Sizes, python: str | None) -> list[Figure]:
    """Calls by XML-RPC, against the original where there is one."""
    peers = {THIS: PEERS[THIS], **({ORIGINAL: original(python)} if python else {})}
    settings = Settings(sizes.rounds, sizes.seconds, sizes.warm_up)
    about = f"XML-RPC, {settings.connections} connections"
    found = measure(peers, {"xmlrpc": SCENARIOS["xmlrpc"]}, settings)["xmlrpc"]
    for peer, samples in found.items():
        if errors := sum(sample.errors for sample in samples):
            raise WrongAnswerError(f"{about}: {errors} wrong answers of {peer}")
    figure = Figure(about, "calls/s", Target("ratio", 4, at_least=True), ORIGINAL if python else "")
    figure.ours = [sample.rate for sample in found[THIS]]
    figure.theirs = [sample.rate for sample in found.get(ORIGINAL, ())]
    return [figure]


def _loaded(
    about: str,
    unit: str,
    target: float,
    orders: dict[str, Order],
    servers: dict[str, Launched],
    rounds: int,
) -> list[Figure]:
    """Answers a second of two servers, and what each answer costs their processors.

    Raises WrongAnswerError for wrong answers and connections that broke.
    """
    peer = next(name for name in orders if name != THIS)
    rate = Figure(about, unit, Target("ratio", target, at_least=True), peer)
    cost = Figure(f"{about}, cost", "us", None, peer)
    with contextlib.closing(LoadGenerator()) as generator:
        for name in turns(about, rounds, list(orders)):
            process = psutil.Process(servers[name].process.pid)
            before = process.cpu_times()
            outcome: Outcome = generator.carry_out(orders[name])
            after = process.cpu_times()
            if outcome.wrong or outcome.broken or not outcome.answers:
                raise WrongAnswerError(f"{about}, {name}: {outcome}")
            spent = after.user + after.system - before.user - before.system
            share = outcome.seconds / (outcome.seconds + orders[name].warm_up)
            (rate.ours if name == THIS else rate.theirs).append(outcome.answers / outcome.seconds)
            (cost.ours if name == THIS else cost.theirs).append(spent * share / outcome.answers * 1e6)
    return [rate, cost]


MEASURES: dict[str, Callable[[Sizes], list[Figure]]] = {
    "upload": uploads,
    "echo": echo,
    "idle": idle,
    "grpc": grpc,
}
SCENARIO_NAMES = (*MEASURES, "xmlrpc")


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.protocols",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = Sizes()
    parser.add_argument(
        "--scenario", action="append", choices=SCENARIO_NAMES, help="may be given several times; default: all"
    )
    parser.add_argument("--rounds", type=int, default=default.rounds, help="default: %(default)s")
    parser.add_argument(
        "--few-rounds", type=int, default=default.few_rounds, help="of upload and idle (%(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=default.seconds, help="counted each time (%(default)s)"
    )
    parser.add_argument("--warm-up", type=float, default=default.warm_up, help="seconds before (%(default)s)")
    parser.add_argument("--megabytes", type=int, default=default.megabytes, help="uploaded (%(default)s)")
    parser.add_argument("--clients", type=int, default=default.clients, help="at a time (%(default)s)")
    parser.add_argument("--idle", type=int, default=default.idle, help="idle WebSockets (%(default)s)")
    parser.add_argument("--settle", type=float, default=default.settle, help="seconds of that (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--original",
        metavar="PYTHON",
        help="Python of an environment with the original, which answers XML-RPC then, too",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and report; gives the exit code."""
    options = arguments().parse_args(argv)
    sizes = Sizes(
        options.rounds,
        options.few_rounds,
        options.seconds,
        options.megabytes,
        options.clients,
        options.idle,
        options.warm_up,
        options.settle,
    )
    figures: list[Figure] = []
    try:
        for name in SCENARIO_NAMES:
            if options.scenario and name not in options.scenario:
                continue
            if name == "xmlrpc":
                figures += xmlrpc(sizes, options.original)
            else:
                figures += MEASURES[name](sizes)
    except (WrongAnswerError, RuntimeError, OSError) as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 1
    report(figures, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())

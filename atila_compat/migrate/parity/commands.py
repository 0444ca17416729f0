"""`atila-compat parity record` and `atila-compat parity play`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from pathlib import Path

from ...errors import AtilaError
from ..outputs import check_writable, make_folder, write_file
from ..progress import Progress
from .case import Answer, Exchange, find, write
from .masks import USUAL, compiled

CONNECT_SECONDS = 10.0
"""How long a server may take to accept the first connection."""

RECORD = """\
atila-compat parity record --upstream http://127.0.0.1:5000 --listen 127.0.0.1:8080 --out parity/shop
    listens on 8080 and passes everything through to the old server, until Ctrl+C
atila-compat parity record --upstream http://127.0.0.1:5000 --requests requests.txt --out parity/shop
    sends the requests of a list: a line for each, `POST /orders {"item": 3}`, or exchanges as JSON

A recording holds what clients sent, passwords and tokens too: keep it where such things may be kept.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare both commands."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    record = commands.add_parser(
        "record",
        help="record what the old server answers",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=RECORD,
    )
    record.add_argument("--upstream", required=True, metavar="URL", help="where the old server answers")
    record.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="the case that is written")
    way = record.add_mutually_exclusive_group(required=True)
    way.add_argument("--listen", metavar="HOST:PORT", help="where clients find the proxy")
    way.add_argument("--requests", type=Path, metavar="FILE", help="a request list")
    record.add_argument("--twice", action="store_true", help="send a list twice, and blank what changes")
    record.add_argument("--limit", type=int, metavar="N", help="stop after so many exchanges")
    record.add_argument("--about", default="", help="a line for the case")
    play = commands.add_parser(
        "play",
        help="play recorded cases against the new server",
        description="Exit code: 0 where all answers are the recorded ones, 1 where any differs.",
    )
    play.add_argument("cases", nargs="+", type=Path, metavar="FOLDER", help="a case, or a folder of cases")
    where = play.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help="where the new server answers")
    where.add_argument("--run", metavar="COMMAND", help="what starts it; --port=N is appended")
    play.add_argument("--html", type=Path, metavar="FILE", help="write a page for people")
    play.add_argument("--json", type=Path, metavar="FILE", help="write the outcome for machines")
    for command in (record, play):
        command.add_argument(
            "--mask", action="append", default=[], metavar="REGEX", help="blank this in all answers"
        )
    record.add_argument(
        "--no-usual-masks", action="store_true", help=f"do not blank {', '.join(USUAL)} of themselves"
    )


def run(given: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    return record(given) if given.action == "record" else play(given)


# -- record -----------------------------------------------------------------------------------------------


def record(given: argparse.Namespace) -> int:
    """Record a case."""
    masks = compiled(given.mask)
    if (given.out / "case.json").exists():
        raise AtilaError(f"{given.out} holds a case already: choose another folder, or remove it")
    new = not given.out.exists()
    make_folder(given.out)
    try:
        return _record(given, masks)
    finally:
        if new:
            with contextlib.suppress(OSError):
                given.out.rmdir()  # where nothing has come into it


def _record(given: argparse.Namespace, masks: list[str]) -> int:
    if given.requests is not None:
        from .asking import ask, read_requests

        listed = read_requests(given.requests)[: given.limit]
        progress = Progress(len(listed) * (2 if given.twice else 1))
        usual = not given.no_usual_masks
        try:
            exchanges, answers = ask(
                listed, given.upstream, masks, usual=usual, twice=given.twice, seen=progress.step
            )
        except ValueError as error:
            raise AtilaError(str(error)) from error
        finally:
            progress.close()
    else:
        exchanges, answers = _listen(given, masks)
    return _write(given, exchanges, answers)


def _write(given: argparse.Namespace, exchanges: list[Exchange], answers: dict[str, Answer]) -> int:
    if not exchanges:
        raise AtilaError("nothing was recorded: no request has come")
    try:
        write(given.out, given.about, exchanges, answers, f"atila-compat parity, {given.upstream}")
    except OSError as error:
        raise AtilaError(f"{given.out} cannot be written: {error.strerror or error}") from error
    print(f"{given.out}: {len(exchanges)} exchanges")
    print(f"play them: atila-compat parity play {given.out} --url http://127.0.0.1:5000")
    return 0


def _listen(given: argparse.Namespace, masks: list[str]) -> tuple[list[Exchange], dict[str, Answer]]:
    from uvicorn import Config, Server

    from .recorder import Recorder

    host, _, port = given.listen.rpartition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise AtilaError(f"{given.listen!r} is no address: write it as 127.0.0.1:8080")
    terminal = sys.stderr.isatty()

    def seen(count: int, last: str) -> None:
        if terminal:
            print(f"\r{count} exchanges, {last:<60}", end="", file=sys.stderr, flush=True)
        if given.limit is not None and count >= given.limit:
            server.should_exit = True

    recorder = Recorder(given.upstream, masks, usual=not given.no_usual_masks, seen=seen)
    config = Config(
        recorder,
        host=host.strip("[]") or "127.0.0.1",
        port=int(port),
        log_level="warning",
        lifespan="on",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
    )
    server = Server(config)

    print(f"recording http://{given.listen} -> {recorder.upstream}; Ctrl+C ends it", file=sys.stderr)
    # uvicorn raises the signal again when it has ended, so that programs know of it: this one goes on
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        asyncio.run(server.serve())
    except SystemExit as ended:
        raise AtilaError(f"cannot listen on {given.listen}, see above") from ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if terminal:
            print(file=sys.stderr)
    exchanges, answers = recorder.finish()
    return list(exchanges), answers


# -- play -------------------------------------------------------------------------------------------------


def play(given: argparse.Namespace) -> int:
    """Play cases; 0 where all answers are the recorded ones."""
    from .launching import launched
    from .player import Player, play_case
    from .report import Compared, as_json, as_lines, page

    masks = compiled(given.mask)
    for path in (given.html, given.json):
        if path is not None:
            check_writable(path)
    cases = [case for folder in given.cases for case in find(folder).values()]
    compared = [Compared(case) for case in cases]

    def play_all(url: str) -> None:
        progress = Progress(sum(len(case.exchanges) for case in cases))
        for each in compared:
            for outcome in play_case(each.case, url, masks=masks):
                each.outcomes.append(outcome)
                progress.step(f"{each.case.name} {outcome.id}")
        progress.close()

    url = given.url
    if url is not None:
        try:
            player = Player(url, Path())
        except ValueError as error:
            raise AtilaError(str(error)) from error
        try:
            socket.create_connection((player.host, player.port), CONNECT_SECONDS).close()
        except OSError as error:
            raise AtilaError(f"nothing answers at {url}: {error.strerror or error}") from error
        play_all(url)
    else:
        with launched(given.run) as url:
            play_all(url)
    print("\n".join(as_lines(compared)))
    for path, text in ((given.html, page), (given.json, as_json)):
        if path is not None:
            write_file(path, text(compared, url))
    return 0 if all(each.same == len(each.outcomes) for each in compared) else 1

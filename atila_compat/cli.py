"""The command `atila-compat`.

atila-compat run serve.py --port=5000       runs a launch script that was written for Skitai
atila-compat routes serve.py                shows the routes of its apps
atila-compat docs serve.py --html api.html  writes their API document
atila-compat check serve.py                 and what else `migrate/commands.py` offers on the way over
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from . import __version__
from .migrate.commands import PURPOSES
from .migrate.commands import main as on_the_way_over


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="atila-compat", description="Atila apps on Starlette, AnyIO and uvicorn."
    )
    parser.add_argument("--version", action="version", version=f"atila_compat {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    run = commands.add_parser(
        "run",
        help="run a launch script",
        usage="atila-compat run [--usage FILE] SCRIPT [the script's own options]",
        description="Runs a launch script as it is: its skitai.run and its command line are honoured. "
        "`atila-compat run SCRIPT --help` shows the script's options.",
    )
    run.add_argument("--usage", metavar="FILE", help="count the old names and routes that are really used")
    routes = commands.add_parser(
        "routes",
        help="show the routes of a launch script",
        usage="atila-compat routes SCRIPT [the script's own options]",
        description="Shows method, rule, resource id and place of every route.",
    )
    for command in (run, routes):
        command.add_argument("script", metavar="SCRIPT", help="the file that calls skitai.run")
        rest = command.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
        rest.required = False  # or Python 3.11 names it as missing, too
    for name, purpose in PURPOSES.items():
        commands.add_parser(name, help=purpose, add_help=False)
    commands.add_parser("docs", help="write the API document of a launch script", add_help=False)
    return parser


def _fail(message: str, code: int = 2) -> NoReturn:
    print(f"atila-compat: {message}", file=sys.stderr)
    raise SystemExit(code)


def _script(path: str) -> str:
    from .skitai.script import missing_script

    if problem := missing_script(path):
        _fail(problem)
    return path


def run_script(script: str, arguments: Sequence[str]) -> None:
    """Run a launch script with the old import names served; an exception of its own ends in exit code 1."""
    from .shims.hook import install
    from .skitai.place import apply_mode
    from .skitai.script import execute, prepare, shown_as_python_does
    from .skitai.watching import start_again_when_mended

    install()
    module = prepare(script, arguments, replace_path=True)
    apply_mode()
    with shown_as_python_does(start_again_when_mended):
        execute(module)


def show_routes(script: str, arguments: Sequence[str]) -> None:
    """Print the routes of a launch script as a table."""
    from .shims.hook import install
    from .skitai.script import collect, shown_as_python_does
    from .skitai.table import route_table

    install()
    with shown_as_python_does():
        service = collect(script, arguments, replace_path=True)
    print(route_table(service))


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point of `atila-compat` and of `python -m atila_compat`.

    Raises SystemExit: with code 130 after Ctrl+C, and 1 where nobody reads the output any more (`| head`).
    """
    argv = sys.argv[1:] if argv is None else argv
    try:
        _command(argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # Python would write what is left when it ends, and fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise SystemExit(1) from None


def _command(argv: Sequence[str]) -> None:
    if argv and argv[0] in PURPOSES:
        code = on_the_way_over(argv[0], argv[1:])
        sys.stdout.flush()  # who has stopped reading is noticed here
        raise SystemExit(code)
    if argv and argv[0] == "docs":
        from .testing.docs_command import main as write_docs

        raise SystemExit(write_docs(argv[1:]))
    given = build_parser().parse_args(argv)
    from .errors import AtilaError

    command = run_script if given.command == "run" else show_routes
    try:
        if given.command == "run" and given.usage:
            from .migrate.usage.count import start

            start(given.usage)
        command(_script(given.script), given.arguments)
    except AtilaError as error:
        _fail(str(error), 1)

"""The sub-commands of `atila-compat` that are no part of running an app.

atila-compat check PATH [--format text|json|sarif] [--output FILE]
atila-compat migrate PATH [--step NAME] [--write] [--list]
atila-compat parity record|play ...
atila-compat usage FILE
atila-compat enable
atila-compat disable
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import AtilaError
from .outputs import check_writable, write_file

PURPOSES = {
    "check": "name what an app uses, what of it is missing and what differs",
    "migrate": "rewrite an app, one step at a time",
    "parity": "record the old server's answers and play them against the new one",
    "usage": "show what `run --usage FILE` has counted",
    "enable": "serve the old names to plain `python3 serve.py` in this environment",
    "disable": "undo `enable`",
}


def main(command: str, arguments: Sequence[str]) -> int:
    """Run a sub-command; returns the exit code.

    Args:
        command: one of PURPOSES.
        arguments: what stands behind it on the command line.

    Raises SystemExit with code 2 for a wrong command line.
    """
    parser = argparse.ArgumentParser(prog=f"atila-compat {command}", description=_sentence(PURPOSES[command]))
    make = _MAKERS[command](parser)
    given = parser.parse_args(arguments)
    try:
        return make(given)
    except AtilaError as error:
        print(f"atila-compat: {error}", file=sys.stderr)
        return 2


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


Run = Callable[[argparse.Namespace], int]


def existing(text: str) -> Path:
    """A path that exists, for argparse."""
    path = Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"there is no file or folder {text}")
    return path


def _check(parser: argparse.ArgumentParser) -> Run:
    from .formats import FORMATS, rendered

    parser.add_argument(
        "paths", metavar="PATH", type=existing, nargs="+", help="a file or a folder of an app"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="(%(default)s)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report there")
    parser.epilog = (
        "Nothing of the app is run. Exit code: 0 where nothing is missing, 1 where something is missing or a "
        "file cannot be read, 2 for a wrong command line."
    )

    def run(given: argparse.Namespace) -> int:
        from .check import check

        if given.output is not None:
            check_writable(given.output)
        report = check(given.paths)
        text = rendered(report, given.format)
        if given.output is None:
            sys.stdout.write(text)
        else:
            write_file(given.output, text)
        return report.exit_code

    return run


def _migrate(parser: argparse.ArgumentParser) -> Run:
    from .codemod.steps import STEPS, chosen

    parser.add_argument("paths", metavar="PATH", type=existing, nargs="*", help="a file or folder of an app")
    parser.add_argument(
        "--step",
        action="append",
        default=[],
        choices=[step.name for step in STEPS],
        dest="steps",
        help="take this step only; may be given several times; without it all are taken but endpoints",
    )
    parser.add_argument("--write", action="store_true", help="change the files")
    parser.add_argument("--list", action="store_true", help="name the steps")
    parser.epilog = (
        "Shows what would change as a diff on standard output, and what is left and why on standard error; "
        "changes files with --write only. Exit code: 0, 1 where a file cannot be read, "
        "2 where nothing can be done."
    )

    def run(given: argparse.Namespace) -> int:
        if given.list:
            width = max(len(step.name) for step in STEPS)
            for step in STEPS:
                print(f"{step.name:<{width}}  {step.about}")
            return 0
        if not given.paths:
            parser.error("name the files or folders of the app")
        steps = chosen(given.steps)
        for step in steps:
            step.load()  # what it needs is missing now or never
        from .codemod.rewriting import rewrite

        files, left = rewrite(given.paths, steps)
        changed = [file for file in files if file.changed]
        for file in changed:
            sys.stdout.write(file.diff())
            if given.write:
                try:
                    file.write()
                except OSError as error:
                    raise AtilaError(f"{file.shown} cannot be written: {error.strerror or error}") from error
        for note in left:
            step_name = f"{note.step}: " if note.step else ""
            print(f"left: {note.path}:{note.line}: {step_name}{note.reason}", file=sys.stderr)
        what = "changed" if given.write else "to change; --write changes them"
        count = f"{len(changed)} of {len(files)} files"
        print(f"{count} {what if changed else 'to change'}, {len(left)} places left", file=sys.stderr)
        # without a step: a file that cannot be read
        return 0 if all(note.step for note in left) else 1

    return run


def _usage(parser: argparse.ArgumentParser) -> Run:
    parser.add_argument(
        "file", metavar="FILE", type=existing, help="what `atila-compat run --usage FILE` wrote"
    )

    def run(given: argparse.Namespace) -> int:
        from .usage.record import read
        from .usage.table import table

        sys.stdout.write(table(read(given.file)))
        return 0

    return run


def _parity(parser: argparse.ArgumentParser) -> Run:
    from .parity.commands import add_arguments, run

    add_arguments(parser)
    return run


def _enable(parser: argparse.ArgumentParser) -> Run:
    parser.epilog = (
        "Writes one .pth file into the environment of this Python. As long as it is there, atila, skitai, "
        "rs4, aquests and sqlphile mean this package in all programs of the environment, even where the "
        "originals are installed."
    )

    def run(given: argparse.Namespace) -> int:
        from .enable import enable, put_aside

        print(f"written: {enable()}")
        print(f"`{Path(sys.executable).name} serve.py` finds atila, skitai and their relatives here now")
        for name in put_aside():
            print(f"out of the way until `atila-compat disable`: {name}")
        return 0

    return run


def _disable(parser: argparse.ArgumentParser) -> Run:
    parser.epilog = "Removes the file that `enable` has written; nothing happens where there is none."

    def run(given: argparse.Namespace) -> int:
        from .enable import FILE, disable, site_packages

        path = site_packages() / FILE
        print(f"removed: {path}" if disable() else f"was not enabled: there is no {path}")
        return 0

    return run


_MAKERS: dict[str, Callable[[argparse.ArgumentParser], Run]] = {
    "check": _check,
    "migrate": _migrate,
    "parity": _parity,
    "usage": _usage,
    "enable": _enable,
    "disable": _disable,
}

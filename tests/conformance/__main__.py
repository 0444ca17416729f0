"""Play recorded cases on real servers: python -m tests.conformance [AREA or CASE ...]

Prints how many answers of each area are the recorded ones, and what speaks against a case: an answer that
differs and is not in expected_failures.json, or is in there and does not differ. The exit code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import as_completed
from pathlib import Path

from atila_compat.migrate.progress import Progress

from . import expected, support
from .corpus import MORE, Case, load_all, select
from .season import AT_ONCE, RUN, Played, season


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", nargs="*", help="areas (routing) or cases (routing.hello); all where none is given"
    )
    parser.add_argument(
        "--run",
        type=shlex.split,
        metavar="COMMAND",
        help="what runs a launch script, given SCRIPT --port=N [args], in place of this package: the Python "
        "of the original's environment plays the cases against the original (root sets SUDO_USER=root); "
        "nothing is expected to differ then",
    )
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="apps in flight at a time (%(default)s)")
    parser.add_argument("--differences", action="store_true", help="print all that differs, expected or not")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the outcome there too")
    parser.add_argument(
        "--update-expected",
        action="store_true",
        help="take what is answered as recorded off expected_failures.json, which only shrinks; "
        "where there is no such file, write one of all that differs",
    )
    parser.add_argument(
        "--readme", action="store_true", help="play nothing: write the support table into README.md"
    )
    return parser


def write_readme(cases: dict[str, Case]) -> None:
    """Put the table of all cases, less the expected failures, into README.md."""
    text = support.README.read_text()
    support.README.write_text(support.replaced(text, support.table(cases, expected.read())))


def play_all(cases: Iterable[Case], run: Sequence[str], at_once: int) -> list[Played]:
    """Play these cases, with a progress bar; sorted by name."""
    with season(cases, run, at_once) as coming:
        progress = Progress(len(coming), lines=True)
        for future in as_completed(coming.values()):
            progress.step(future.result().case.name)
        progress.close()
        return sorted((future.result() for future in coming.values()), key=lambda played: played.case.name)


def table(outcome: Iterable[Played]) -> str:
    """Exchanges answered as recorded and all exchanges, by area."""
    areas: dict[str, list[int]] = {}
    for played in outcome:
        for name in (played.case.area, "all"):
            figures = areas.setdefault(name, [0, 0])
            figures[0] += played.passed
            figures[1] += len(played.case.exchanges)
    areas["all"] = areas.pop("all")  # last
    width = max(map(len, areas))
    return "\n".join(f"{name:<{width}}  {passed:>4}/{count}" for name, (passed, count) in areas.items())


def judged(played: Played, listed: expected.Expected) -> list[str]:
    """What speaks against a case, by the list."""
    return expected.judge(played, listed.get(played.case.name, frozenset()))


def update_expected(outcome: Iterable[Played], cases: dict[str, Case]) -> None:
    """Take what is answered as recorded off the list; begin it where there is none."""
    if expected.FILE.exists():
        listed = expected.shrunk(expected.read(), outcome)
    else:
        listed = {played.case.name: frozenset(played.failed) for played in outcome}
    expected.write(listed, cases)


def report(played: Played) -> dict[str, object]:
    """The outcome of a case for --json."""
    return {
        "case": played.case.name,
        "exchanges": len(played.case.exchanges),
        "passed": played.passed,
        "differs": played.differs,
        "trouble": played.trouble,
        "seconds": round(played.seconds, 2),
    }


def main() -> int:
    """Play, print, update; gives the exit code."""
    parser = arguments()
    options = parser.parse_args()
    cases = load_all()
    if options.readme:
        write_readme(cases)
        return 0
    try:
        chosen = select(cases | load_all(MORE), options.names)
    except KeyError as error:
        parser.error(error.args[0])
    outcome = play_all(chosen.values(), options.run or RUN, options.at_once)
    if options.update_expected:
        update_expected(outcome, cases)
    listed = expected.read() if expected.FILE.exists() and not options.run else {}
    if options.differences:
        listed = {}
    against = [line for played in outcome for line in judged(played, listed)]
    print("\n".join([*against, table(outcome)]))
    if options.json:
        options.json.write_text(json.dumps([report(played) for played in outcome], indent=1) + "\n")
    return 1 if against else 0


if __name__ == "__main__":
    sys.exit(main())

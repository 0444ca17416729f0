"""Answers a second of this project and its peers, side by side on this machine: python -m tests.benchmarks

All servers run at the same time, one process each; in every round each is loaded in turn, so that whatever
else the machine does meets them all. Ratios are medians of the rounds' own ratios.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .measure import Settings, WrongAnswerError, measure
from .names import ORIGINAL, THIS
from .peers import PEERS, original, with_options
from .report import as_json, as_text
from .scenarios import SCENARIOS


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = Settings()
    parser.add_argument(
        "--scenario", action="append", choices=SCENARIOS, help="may be given several times; default: all"
    )
    parser.add_argument("--peer", action="append", choices=PEERS, help=f"the same; {THIS} is always measured")
    parser.add_argument("--rounds", type=int, default=default.rounds, help="default: %(default)s")
    parser.add_argument(
        "--seconds", type=float, default=default.seconds, help="counted each time (%(default)s)"
    )
    parser.add_argument("--warm-up", type=float, default=default.warm_up, help="seconds before (%(default)s)")
    parser.add_argument("--connections", type=int, default=default.connections, help="default: %(default)s")
    parser.add_argument("--cpu-affinity", action="store_true", help=f"give {THIS} this option")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--original",
        metavar="PYTHON",
        help="Python of an environment with the original, which is measured too",
    )
    return parser


def main() -> int:
    """Measure and report; gives the exit code."""
    options = arguments().parse_args()
    scenarios = {
        name: SCENARIOS[name] for name in SCENARIOS if not options.scenario or name in options.scenario
    }
    peers = {name: peer for name, peer in PEERS.items() if not options.peer or name in (THIS, *options.peer)}
    if options.cpu_affinity:
        peers[THIS] = with_options(peers[THIS], "--cpu-affinity")
    if options.original:
        peers[ORIGINAL] = original(options.original)
    settings = Settings(options.rounds, options.seconds, options.warm_up, options.connections)
    try:
        report = as_json(measure(peers, scenarios, settings), settings)
    except (WrongAnswerError, RuntimeError) as error:
        print(f"not measured: {error}", file=sys.stderr)
        return 1
    print(as_text(report, scenarios, peers))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

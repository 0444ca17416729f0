"""`rs4.argopt`: options of the command line; `skitai.add_option` and its relatives."""

from __future__ import annotations

from ...skitai.command_line import Options as ArgumentOptions
from ...skitai.command_line import add_option, add_options
from ...skitai.command_line import options as _options
from ...skitai.command_line import usage as _usage

__all__ = ["ArgumentOptions", "add_option", "add_options", "collect", "options", "usage"]


def options() -> ArgumentOptions:
    """What the command line says."""
    return _options


collect = options


def usage(exit: bool = False) -> None:  # noqa: A002 - the original's name
    """Print the help text; with `exit` end the process."""
    import os
    import sys

    print(_usage(os.path.basename(sys.argv[0])))
    if exit:
        raise SystemExit(0)

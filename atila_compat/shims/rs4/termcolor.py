"""`rs4.termcolor`: colours on terminals; text stays as it is where the output goes elsewhere."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable

_CODES = {
    "WHITE": "97",
    "CYAN": "96",
    "MAGENTA": "95",
    "OKBLUE": "94",
    "WARNING": "93",
    "OKGREEN": "92",
    "FAIL": "91",
    "GREY": "90",
    "BOLD": "1",
    "UNDERLINE": "4",
    "ENDC": "0",
}
_NAMES = {
    "OKGREEN": ("green", "ok", "info"),
    "WARNING": ("yellow", "warning", "warn"),
    "FAIL": ("red", "fail", "error"),
    "OKBLUE": ("blue", "primary"),
    "CYAN": ("cyan", "debug"),
    "MAGENTA": ("magenta", "expt"),
    "GREY": ("grey", "secondary", "blah"),
    "WHITE": ("white",),
    "BOLD": ("bold", "critical", "fatal"),
    "UNDERLINE": ("underline", "u"),
}


def _coloured(code: str) -> Callable[[object], str]:
    def colour(text: object) -> str:
        return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else str(text)

    return colour


class tc:  # noqa: N801 - the original's name
    """Colours by name: `tc.red("text")`, `tc.info("text")`."""

    @staticmethod
    def default(text: object) -> str:
        """The text as it is."""
        return str(text)

    @staticmethod
    def echo(text: object, end: str = "\n") -> None:
        """Print the text."""
        sys.stdout.write(f"{text}{end}")


for _code, _functions in _NAMES.items():
    setattr(tc, _code, f"\033[{_CODES[_code]}m")
    for _function in _functions:
        setattr(tc, _function, staticmethod(_coloured(_CODES[_code])))
setattr(tc, "ENDC", "\033[0m")  # noqa: B010 - beside the other codes


def stty_size() -> tuple[int, int]:
    """Lines and columns of the terminal."""
    size = shutil.get_terminal_size()
    return size.lines, size.columns

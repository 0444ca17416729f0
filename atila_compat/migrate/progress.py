"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

import sys
import time
from typing import TextIO

BAR = 30
LINE = 100
LINE_SECONDS = 20.0


class Progress:
    """Counts steps of a known number.

    Args:
        total: the number of steps.
        out: where to draw.
        lines: where `out` is no terminal, write a line now and then; else nothing is written there.
    """

    def __init__(self, total: int, out: TextIO | None = None, *, lines: bool = False) -> None:
        self.total, self.out, self.lines = total, sys.stderr if out is None else out, lines
        self.done = 0
        self._began = self._drawn = time.monotonic()

    def step(self, label: str = "") -> None:
        """One more step is done; `label` says which."""
        self.done += 1
        now = time.monotonic()
        if self.out.isatty():
            left = (now - self._began) / self.done * (self.total - self.done)
            filled = BAR * self.done // max(self.total, 1)
            text = (
                f"[{'#' * filled}{'.' * (BAR - filled)}] {self.done}/{self.total} {left:.0f} s left  {label}"
            )
            self.out.write(f"\r{text[:LINE]:<{LINE}}")
            self.out.flush()
        elif self.lines and (now - self._drawn > LINE_SECONDS or self.done == self.total):
            self._drawn = now
            self.out.write(f"{self.done}/{self.total} {label}\n")
            self.out.flush()

    def close(self) -> None:
        """Wipe the bar."""
        if self.out.isatty():
            self.out.write("\r" + " " * LINE + "\r")
            self.out.flush()

"""A progress bar on standard error, where that is a terminal; else a line now and then."""

from __future__ import annotations

import sys
import time
from typing import TextIO

WIDTH = 30
LINE_SECONDS = 20.0


class Progress:
    """Counts steps of a known number.

    Args:
        total: the number of steps.
        out: where to draw.
    """

    def __init__(self, total: int, out: TextIO = sys.stderr) -> None:
        self.total, self.out = total, out
        self.done = 0
        self._began = self._drawn = time.monotonic()

    def step(self, label: str = "") -> None:
        """One more step is done; `label` says which."""
        self.done += 1
        now = time.monotonic()
        if self.out.isatty():
            left = (now - self._began) / self.done * (self.total - self.done)
            filled = WIDTH * self.done // max(self.total, 1)
            bar = "#" * filled + "." * (WIDTH - filled)
            text = f"[{bar}] {self.done}/{self.total} {left:.0f} s left  {label}"
            self.out.write(f"\r{text[:100]:<100}")
        elif now - self._drawn > LINE_SECONDS or self.done == self.total:
            self._drawn = now
            self.out.write(f"{self.done}/{self.total} {label}\n")
        self.out.flush()

    def close(self) -> None:
        """Wipe the bar."""
        if self.out.isatty():
            self.out.write("\r" + " " * 100 + "\r")
            self.out.flush()

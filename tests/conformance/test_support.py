"""The README's support table."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import support
from .corpus import Case

EXCHANGES = ({"id": "a"}, {"id": "b"}, {"id": "c"})
CASES = {
    "routing.x": Case(Path("routing.x"), "", EXCHANGES, deviations={"a": {}}),
    "routing.y": Case(Path("routing.y"), "", EXCHANGES),
    "url.x": Case(Path("url.x"), "", EXCHANGES),
}


def test_rows_count_exchanges_by_area() -> None:
    """An area's row has all its exchanges, those answered as recorded, and those where the original errs."""
    rows = support.table(CASES, {"routing.y": frozenset("ab")}).splitlines()
    assert rows[2].startswith("| routing |")
    assert rows[2].endswith("| 6 | 4 (66 %) | 1 |")
    assert rows[3].endswith("| 3 | all |  |")
    assert rows[4].endswith("| 9 | 7 (77 %) | 1 |")


def test_only_the_text_between_the_markers_is_replaced() -> None:
    """The README around the table stays as it is, and what was put there is found again."""
    text = f"# Title\n\n{support.BEGIN}\nold\nrows\n{support.END}\nafter\n"
    after = support.replaced(text, "new")
    assert after == f"# Title\n\n{support.BEGIN}\nnew\n{support.END}\nafter\n"
    assert support.between(after) == "new"


def test_missing_markers_are_named() -> None:
    """A README without the markers is refused, with their names."""
    with pytest.raises(ValueError, match="support:begin"):
        support.replaced("# Title\n", "new")

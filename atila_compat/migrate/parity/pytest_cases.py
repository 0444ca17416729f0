"""Parity as tests of your own: recorded cases, one test each.

    import pytest
    from atila_compat.migrate.parity.pytest_cases import assert_parity, cases, launched, served

    @pytest.fixture(scope="module")
    def url():
        with launched("python3 -m atila_compat run serve.py") as url:
            yield url

    @pytest.mark.parametrize("case", cases("tests/parity"))
    def test_answers_are_the_old_ones(case, url):
        assert_parity(case, url)

`served(app)` in place of `launched(...)` serves an ASGI application in the test process.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .case import Case, find
from .launching import launched, served
from .player import play_case

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

__all__ = ["assert_parity", "cases", "launched", "served"]


def cases(folder: str | os.PathLike[str]) -> list[ParameterSet]:
    """The cases in a folder, or in the folders below it, as parameters named like them.

    Raises NoCase where there is none.
    """
    import pytest

    return [pytest.param(case, id=name) for name, case in find(Path(folder)).items()]


def assert_parity(case: Case, url: str, masks: Iterable[str] = ()) -> None:
    """Play a case on the server at `url`; AssertionError names all that differs.

    Args:
        masks: patterns that are blanked in every answer, beside the case's own.
    """
    __tracebackhide__ = True
    lines = [
        f"{outcome.id}: {line}" for outcome in play_case(case, url, masks=masks) for line in outcome.differs
    ]
    assert not lines, f"{case.name} differs from what was recorded:\n" + "\n".join(lines)

"""From `was.db` to the data sources: which one an alias means, and tasks for what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..was import Was


def open_database(was: Was, alias: str, *args: Any, to_all: bool = False, **options: Any) -> Any:
    raise NotImplementedError

"""Django models as tables (spec/08 section 3): foreign keys are columns, joins follow them.

A model is a class with `get_table_name()`, `get_columns()`, `get_pk()` and `get_fks()`, the last a dict
`{name: (column, model)}`.
"""

from __future__ import annotations

import re
from typing import Any

from .identifiers import dotted

_WORDS = re.compile(r"'[^']*'|\"[^\"]*\"|[\w.]+")


def is_model(table: Any) -> bool:
    """Whether `table` is a class that knows its table."""
    return isinstance(table, type) and hasattr(table, "get_table_name")


def table_of(model: Any) -> str:
    """The name of the table of `model`."""
    return str(model.get_table_name())


class Naming:
    """Turns the names of a model into those of its table.

    Args:
        model: the model, or None for a table without one.
        alias: what the table is called in the query.
    """

    def __init__(self, model: Any = None, alias: str = "") -> None:
        self.model = model
        self.foreign: dict[str, tuple[str, Any]] = dict(model.get_fks() or {}) if model is not None else {}
        self.table = alias or (table_of(model) if model is not None else "")
        self._aliases: dict[tuple[str, ...], str] = {}

    def column(self, text: str) -> str:
        """A keyword as a column: `user` is `user_id`, `this__id` is `table.id`, `a__b` is `a.b`.

        Raises ValueError for what is no name.
        """
        if self.model is None:
            return dotted(text)
        return dotted(self._name(text))

    def _name(self, word: str) -> str:
        if word in self.foreign:
            return self.foreign[word][0]
        for prefix in ("this__", "this."):
            if word.startswith(prefix):
                rest = word[len(prefix) :]
                return f"{self.table}.{self.foreign.get(rest, (rest,))[0]}"
        return word

    def text(self, text: str) -> str:
        """SQL of the app with the foreign keys and `this__` in it replaced."""
        if self.model is None:
            return text
        return _WORDS.sub(lambda found: self._name(found.group()), text)

    def related(self, chain: str) -> list[tuple[str, Any, str, str]]:
        """The joins to get to the end of `chain` (`user`, `user__team`) that are still missing.

        Each is (name to give, model, column on the near side, column on the far side); the name of the last
        is empty.
        Raises AssertionError without a model, KeyError for names that are no foreign keys.
        """
        assert self.model is not None, "a model is required: db.select(Model).join_related(...)"
        steps: list[tuple[str, Any, str, str]] = []
        path: tuple[str, ...] = ()
        near, model = self.table, self.model
        names = chain.split("__")
        for index, name in enumerate(names):
            foreign = dict(model.get_fks() or {})
            if name not in foreign:
                raise KeyError(
                    f"{name!r} is no foreign key of {table_of(model)}; known: {', '.join(foreign) or 'none'}"
                )
            column, model = foreign[name]
            path = (*path, name)
            last = index == len(names) - 1
            if last or path not in self._aliases:
                far = "" if last else table_of(model)
                self._aliases.setdefault(path, far)
                steps.append((far, model, f"{near}.{column}", str(model.get_pk())))
            near = self._aliases[path]
        return steps

    def joined(self, chain: str, alias: str) -> None:
        """Remember what the end of `chain` is called."""
        self._aliases[tuple(chain.split("__"))] = alias

    def copy(self) -> Naming:
        """One that can go another way."""
        made = Naming.__new__(Naming)
        made.__dict__.update(self.__dict__, _aliases=dict(self._aliases))
        return made

"""What recorded values look like, as a JSON schema that holds for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]

_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


class Shape:
    """The kinds of values that were seen at one place of a document.

    Attributes:
        kinds: names of JSON types, in the order in which they were seen.
        items: what was in lists.
        members: what was in objects, and how often.
        objects: how many objects were seen.
    """

    def __init__(self) -> None:
        self.kinds: dict[str, None] = {}
        self.items: Shape | None = None
        self.members: dict[str, tuple[int, Shape]] = {}
        self.objects = 0

    def add(self, value: Any) -> None:
        """Take a value in."""
        if isinstance(value, list):
            self.kinds["array"] = None
            self.items = self.items or Shape()
            for each in value:
                self.items.add(each)
        elif isinstance(value, dict):
            self.kinds["object"] = None
            self.objects += 1
            for name, each in value.items():
                count, shape = self.members.get(name, (0, Shape()))
                shape.add(each)
                self.members[name] = count + 1, shape
        else:
            self.kinds[_KINDS.get(type(value), "string")] = None

    def schema(self) -> Schema:
        """The schema; nothing where nothing was seen."""
        kinds = [kind for kind in self.kinds if not (kind == "integer" and "number" in self.kinds)]
        if len(kinds) > 1 and not {"array", "object"} & set(kinds):
            return {"type": kinds}
        found = [self._schema_of(kind) for kind in kinds]
        return {"anyOf": found} if len(found) > 1 else found[0] if found else {}

    def _schema_of(self, kind: str) -> Schema:
        schema: Schema = {"type": kind}
        if kind == "array" and self.items is not None:
            schema["items"] = self.items.schema()
        elif kind == "object" and self.members:
            schema["properties"] = {name: shape.schema() for name, (_, shape) in self.members.items()}
            required = [name for name, (count, _) in self.members.items() if count == self.objects]
            if required:
                schema["required"] = required
        return schema


def schema_of_values(values: Iterable[Any]) -> Schema:
    """A schema that all these values fulfil."""
    shape = Shape()
    for value in values:
        shape.add(value)
    return shape.schema()

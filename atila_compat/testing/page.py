"""An OpenAPI document as one HTML page, which needs nothing else: no scripts, no fonts, no network."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jinja2

TEMPLATE = Path(__file__).with_name("page.html.j2")

_LIMITS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} long",
    "maxLength": "at most {} long",
    "pattern": "matches {}",
    "const": "always {}",
    "format": "{}",
    "default": "default {}",
}
"""What a schema says besides its type, in the words of the page."""


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def kind_of(schema: dict[str, Any]) -> str:
    """A schema's type in a few words: `integer`, `array of string`, `one of "a", "b"`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return f"one of {', '.join(json.dumps(each, ensure_ascii=False) for each in schema['enum'])}"
    if "anyOf" in schema:
        return " or ".join(kind_of(each) for each in schema["anyOf"])
    kind = schema.get("type", "any")
    if kind == "array":
        inner = kind_of(schema.get("items", {}))
        return "array" if inner == "any" else f"array of {inner}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def limits_of(schema: dict[str, Any]) -> list[str]:
    """What a schema says besides its type."""
    found = [text.format(_value(schema[name])) for name, text in _LIMITS.items() if name in schema]
    if "not" in schema:
        refused = schema["not"]
        found += [f"not {text}" for text in limits_of(refused)]
        found += [f"not {kind_of(refused)}"] if "enum" in refused else []
    return found


def rows_of(schema: dict[str, Any], prefix: str = "") -> list[tuple[str, dict[str, Any], bool]]:
    """The members of an object and of the objects in it: dotted name, schema, whether it has to be there."""
    rows = []
    required = schema.get("required", [])
    for name, each in schema.get("properties", {}).items():
        rows.append((prefix + name, each, name in required))
        rows += rows_of(each, f"{prefix}{name}.")
        items = each.get("items")
        if isinstance(items, dict):
            rows += rows_of(items, f"{prefix}{name}[].")
    return rows


def paragraphs_of(text: str) -> list[list[tuple[bool, str]]]:
    """The paragraphs of a docstring, each in pieces: whether it stood in backticks, and the words."""
    return [
        [(number % 2 == 1, words) for number, words in enumerate(paragraph.strip().split("`")) if words]
        for paragraph in re.split(r"\n\s*\n", text)
        if paragraph.strip()
    ]


def as_json(value: Any) -> str:
    """An example."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def render(document: dict[str, Any]) -> str:
    """The page of an OpenAPI document."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            entry = {"path": path, "method": method.upper(), **operation}
            groups.setdefault(operation["tags"][0], []).append(entry)
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        kind=kind_of, limits=limits_of, rows=rows_of, example=as_json, paragraphs=paragraphs_of
    )
    template = environment.from_string(TEMPLATE.read_text("utf-8"))
    return template.render(document=document, groups=dict(sorted(groups.items())))

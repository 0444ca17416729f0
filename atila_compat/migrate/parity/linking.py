"""Values that one answer gives and a later request brings back: session cookies, tokens, ids.

The new server makes others, so a recorded request that carries the old server's cannot be played as it is.
Cookies become jars; other values become `save` in the exchange that gave them, `{{name}}` in the later one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from .case import Answer
from .masks import before, searched

SHORTEST, LONG = 12, 16
"""Characters: shorter values may be the same by accident; one that is made at random is long."""
_VALUES = (r"[\w.~+/=:-]+", r"[\w-]+")
"""What a value is made of: base64 and its relatives; and the parts of paths and forms."""
_CANDIDATES = tuple((value, re.compile(f"(?<!{value.removesuffix('+')}){value}")) for value in _VALUES)
_TELLING = re.compile(r"\d")


class Jars:
    """Tells the clients of recorded traffic apart by the cookies that they were given."""

    def __init__(self) -> None:
        self._owner: dict[tuple[str, str], str] = {}
        self._count = 0

    def of_request(self, headers: dict[str, str]) -> tuple[str | None, dict[str, str]]:
        """The jar of a request, None for a client that has brought no known cookie; and its headers without
        the cookies that the jar has."""
        name = next((key for key in headers if key.lower() == "cookie"), None)
        if name is None:
            return None, headers
        pairs = [pair.strip().partition("=") for pair in headers[name].split(";") if pair.strip()]
        owners = [self._owner.get((key, value)) for key, _, value in pairs]
        jar = next((owner for owner in owners if owner is not None), None)
        if jar is None:
            return None, headers
        others = [
            f"{key}={value}" for (key, _, value), owner in zip(pairs, owners, strict=True) if owner is None
        ]
        rest = {key: value for key, value in headers.items() if key != name}
        return jar, {**rest, name: "; ".join(others)} if others else rest

    def of_answer(self, jar: str | None, answer: Answer) -> str | None:
        """The jar that keeps the cookies of an answer: the request's, or a new one; None without cookies."""
        for name, value in answer.get("headers", []):
            if name.lower() != "set-cookie":
                continue
            if jar is None:
                self._count += 1
                jar = f"client{self._count}"
            key, _, content = value.split(";")[0].strip().partition("=")
            self._owner[key.strip(), content] = jar
        return jar


def link(exchanges: list[dict[str, Any]], answers: dict[str, Answer]) -> None:
    """Let each request take values from the answers that gave them; both arguments are changed.

    Only values of 12 characters and more with a digit in them are linked, each to the first answer that has
    it. Where a value looks as if it were made at random, it is blanked in the answer that gave it.
    """
    givers: dict[str, tuple[dict[str, Any], str, str]] = {}
    names: dict[str, str] = {}
    for exchange in exchanges:
        kind = "websocket" if "websocket" in exchange else "request"
        for value in _brought(exchange[kind], givers):
            giver, context, characters = givers[value]
            if value not in names:
                names[value] = f"value{len(names) + 1}"
                giver.setdefault("save", {})[names[value]] = f"{context}({characters})"
                if is_random(value):
                    giver.setdefault("mask", []).append(_mask(context, characters))
            exchange[kind] = _replaced(exchange[kind], value, "{{" + names[value] + "}}")
        answer = answers.get(exchange["id"])
        if answer is not None:
            for value, context, characters in _offered(answer):
                givers.setdefault(value, (exchange, context, characters))


def is_random(value: str) -> bool:
    """Whether a value looks as if another server made another one."""
    if re.fullmatch(r"[0-9a-f]{16,}|[0-9A-F]{16,}", value):
        return True
    kinds = (re.search(pattern, value) for pattern in ("[a-z]", "[A-Z]", "[0-9]"))
    return len(value) >= LONG and all(kinds)


def _mask(context: str, characters: str) -> str:
    return rf"\A{characters}\Z" if context == r"\A" else f"(?<={context}){characters}"


def _offered(answer: Answer) -> Iterator[tuple[str, str, str]]:
    """The values of an answer that a later request may bring back.

    Gives each with patterns for what stands before it and for what it is made of.
    """
    text = searched(answer)
    for characters, candidate in _CANDIDATES:
        for match in candidate.finditer(text):
            value = match[0]
            if len(value) < SHORTEST or not _TELLING.search(value):
                continue
            context = before(text, match.start()) or (r"\A" if answer.get("text") == value else "")
            found = re.search(f"{context}({characters})", text) if context else None
            if found is not None and found[1] == value:
                yield value, context, characters


def _brought(request: dict[str, Any], known: Iterable[str]) -> list[str]:
    """The known values that a request brings, longest first, without those that are parts of others."""
    parts = [request["path"], *request.get("headers", {}).values(), str(request.get("text", ""))]
    parts += [str(step.get("send", "")) for step in request.get("steps", ())]
    text = "\n".join(parts)
    found: list[str] = []
    for value in sorted((value for value in known if value in text), key=len, reverse=True):
        if not any(value in longer for longer in found):
            found.append(value)
    return found


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, dict):
        return {key: _replaced(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, old, new) for item in value]
    return value

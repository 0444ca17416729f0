"""Whether an answer is the recorded one: what is compared, what is blanked, what may come in any order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .case import Answer, Exchange

COMPARED_HEADERS = frozenset(
    {
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-max-age",
        "allow",
        "content-disposition",
        "content-range",
        "location",
        "set-cookie",
        "www-authenticate",
    }
)
UNORDERED_HEADERS = frozenset({"allow", "access-control-allow-methods"})
"""The original joins sets there."""
OPAQUE_COOKIES = ("ATLSES", "ATLMBX")
"""Signed sessions and message boxes: their names and attributes are compared, not their values."""

SHOWN = 300


def masked(text: str, masks: Iterable[str]) -> str:
    """`text` with all that the patterns match blanked."""
    for pattern in masks:
        text = re.sub(pattern, "<masked>", text)
    return text


def media_type(headers: Iterable[tuple[str, str]]) -> str:
    """The content type without its parameters, in lower case; empty where there is none."""
    for name, value in headers:
        if name.lower() == "content-type":
            return value.split(";")[0].strip().lower()
    return ""


def cookie_shape(value: str, masks: Sequence[str]) -> str:
    """What is compared of a Set-Cookie header: the date of an expiry is not, nor a signed value."""
    pair, *attributes = (piece.strip() for piece in value.split(";"))
    name, _, content = pair.partition("=")
    shape = "<opaque>" if name.startswith(OPAQUE_COOKIES) and content else masked(content, masks)
    pair = masked(f"{name}={shape}", masks)  # masks may look at the value alone, or at what stands before it
    seen = sorted(re.sub(r"(?i)^expires=.*", "expires=<date>", attribute).lower() for attribute in attributes)
    return f"{pair}; " + "; ".join(seen)


def header_shape(name: str, masks: Iterable[str]) -> Callable[[str], str]:
    """What is compared of a header with this (lower-case) name, as a function of its value."""
    patterns = list(masks)
    if name == "set-cookie":
        return lambda value: cookie_shape(value, patterns)
    if name in UNORDERED_HEADERS:
        return lambda value: ", ".join(sorted(masked(value, patterns).split(", ")))
    return lambda value: masked(value, patterns)


def body(answer: Answer, masks: Iterable[str]) -> Any:
    """The masked body, as JSON where it is JSON."""
    text = masked(answer["text"] if "text" in answer else answer.get("b64", ""), masks)
    try:
        return json.loads(text)
    except ValueError:
        return text


def differences(exchange: Exchange, want: Answer, got: Answer) -> list[str]:
    """What of the answer `got` differs from the recorded `want`, a line each.

    Compared are the status, the media type, the body, the headers that matter, the frames of a WebSocket,
    and the time it took where the exchange limits it; FORMAT.md says what its keys `mask`, `contains`,
    `ignore_body`, `ignore_type`, `compare_headers`, `ignore_headers` and `within` change of that.
    """
    masks = exchange.get("mask", [])
    found = []
    if want["status"] != got["status"]:
        found.append(f"status {got['status']}, recorded {want['status']}")
    if "frames" in want:
        return found + _frames(want, got, masks)
    if "headers" in want and not exchange.get("ignore_type"):
        before, after = media_type(want["headers"]), media_type(got["headers"])
        if before != after:
            found.append(f"content type {after!r}, recorded {before!r}")
    found += _body(exchange, want, got, masks)
    found += _headers(exchange, want, got, masks)
    if "within" in exchange and got["elapsed"] > exchange["within"]:
        found.append(f"took {got['elapsed']} s, allowed {exchange['within']} s")
    return found


def _frames(want: Answer, got: Answer, masks: list[str]) -> list[str]:
    def blanked(frames: list[Any]) -> list[Any]:
        return [masked(frame, masks) if isinstance(frame, str) else frame for frame in frames]

    if blanked(want["frames"]) != blanked(got.get("frames", [])):
        return [f"frames {got.get('frames')}, recorded {want['frames']}"]
    return []


def _body(exchange: Exchange, want: Answer, got: Answer, masks: list[str]) -> list[str]:
    if "contains" in exchange:
        text = got.get("text", "")
        missing = [pattern for pattern in exchange["contains"] if not re.search(pattern, text)]
        return [f"body lacks {pattern!r}: {text[:SHOWN]!r}" for pattern in missing]
    if exchange.get("ignore_body"):
        return []
    before, after = body(want, masks), body(got, masks)
    return [f"body {str(after)[:SHOWN]!r}, recorded {str(before)[:SHOWN]!r}"] if before != after else []


def _headers(exchange: Exchange, want: Answer, got: Answer, masks: list[str]) -> list[str]:
    found = []
    more = {name.lower() for name in exchange.get("compare_headers", [])}
    fewer = {name.lower() for name in exchange.get("ignore_headers", [])}
    for name in sorted((COMPARED_HEADERS | more) - fewer):
        shape = header_shape(name, masks)
        before, after = (
            sorted(shape(value) for key, value in answer.get("headers", []) if key.lower() == name)
            for answer in (want, got)
        )
        if before != after:
            found.append(f"header {name} {after}, recorded {before}")
    return found

"""`aquests.protocols.http.http_util`: parts of requests."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl


def crack_query(r: str | None) -> dict[str, Any]:
    """The parameters of a query string, with or without its "?"; one that occurs several times is a list."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl((r or "").removeprefix("?"), keep_blank_values=True):
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def parse_params(header_val: str) -> tuple[str, dict[str, str]]:
    """A header's value and its parameters: `text/html; charset=utf-8`."""
    value, _, rest = header_val.partition(";")
    params: dict[str, str] = {}
    for part in rest.split(";"):
        name, _, text = part.partition("=")
        if name.strip():
            params[name.strip().lower()] = text.strip().strip('"')
    return value.strip(), params


def parse_multi_params(header_val: str) -> dict[str, dict[str, str]]:
    """Values of a list header, each with its parameters: `text/html;q=0.9, */*`."""
    return dict(parse_params(part) for part in header_val.split(",") if part.strip())


def get_extension(path: str) -> str:
    """The extension of a path without its dot."""
    return os.path.splitext(path)[1][1:]


def join_headers(headers: list[str]) -> list[str]:
    """Header lines with their folded continuations put back."""
    joined: list[str] = []
    for line in headers:
        if line[:1] in (" ", "\t") and joined:
            joined[-1] += line[1:]
        else:
            joined.append(line)
    return joined


def md5uniqid(length: int = 13) -> str:
    """A random name of `length` hexadecimal digits, at most 32."""
    return uuid.uuid4().hex[:length]


def get_header(name: str, headers: Mapping[str, str]) -> str:
    """A header without regard to case; empty where it is missing."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")

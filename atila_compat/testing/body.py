"""What a test sends: forms, JSON and files as requests takes them, in the words of httpx."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from ..http.api import encode_json

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"

Body = dict[str, Any]
"""Keyword arguments of `httpx.Client.build_request`."""


def as_json(data: Any) -> bytes:
    """A body as JSON; dates as the framework writes them."""
    try:
        return json.dumps(data).encode()
    except TypeError:
        return encode_json(data)


def _pairs(data: Any) -> list[tuple[str, Any]]:
    """Names and single values of a form; a list is several values, None is left out."""
    found: list[tuple[str, Any]] = []
    for name, value in data.items() if isinstance(data, Mapping) else data:
        values = value if isinstance(value, (list, tuple)) else (value,)
        found += [(str(name), one) for one in values if one is not None]
    return found


def form(data: Any) -> bytes:
    """A dict, or pairs, as a form or query string."""
    return urlencode(
        [(name, one if isinstance(one, bytes) else str(one)) for name, one in _pairs(data)]
    ).encode()


def is_file(value: Any) -> bool:
    """Whether a value of a form is a file: an object that can be read, or (file name, content[, type])."""
    return hasattr(value, "read") or (isinstance(value, tuple) and len(value) in (2, 3))


def _binary(file: Any) -> Any:
    """What httpx can send: content in bytes."""
    if isinstance(file, io.TextIOBase):
        return file.buffer if isinstance(file, io.TextIOWrapper) else io.BytesIO(file.read().encode())
    return file.encode() if isinstance(file, str) else file


def file_part(name: str, value: Any) -> Any:
    """A file of a form as httpx takes it: (file name, content) or (file name, content, type)."""
    if isinstance(value, tuple):
        return (value[0], _binary(value[1]), *value[2:])
    given = getattr(value, "filename", None) or getattr(value, "name", None)
    return os.path.basename(given) if isinstance(given, str) else name, _binary(value)


def multipart(data: Any, files: Any) -> Body:
    """A form with files; a name may have several values, among the files too."""
    fields: dict[str, list[Any]] = {}
    for name, value in _pairs(data or {}):
        fields.setdefault(name, []).append(value if isinstance(value, bytes) else str(value))
    parts = [
        (name, file_part(name, one))
        for name, value in (files.items() if isinstance(files, Mapping) else files)
        for one in (value if isinstance(value, list) else [value])
    ]
    return {"data": fields, "files": parts}


def split_files(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """The fields and the files of a form that is uploaded."""
    fields: dict[str, Any] = {}
    files: list[tuple[str, Any]] = []
    for name, value in data.items():
        if is_file(value):
            files.append((name, value))
        elif isinstance(value, list) and value and all(map(is_file, value)):
            files += [(name, one) for one in value]
        else:
            fields[name] = value
    return fields, files


def body_of(data: Any, files: Any, content_type: str) -> tuple[Body, str]:
    """What is sent for `data` and `files`, and the content type that has to be named, if any.

    Args:
        data: a dict or pairs, text, bytes, a file, or an iterator of bytes.
        files: `{name: file}` or pairs; a file is an object that can be read, or (name, content[, type]).
        content_type: the one that the test asks for.
    """
    if files:
        return multipart(data, files), ""
    if data is None:
        return {}, ""
    if isinstance(data, (str, bytes)):
        return {"content": data}, ""
    if content_type.partition(";")[0].strip().lower() == JSON_TYPE:
        return {"content": as_json(data)}, content_type
    if isinstance(data, (Mapping, list, tuple)):
        return {"content": form(data)}, content_type or FORM_TYPE
    if hasattr(data, "read"):
        return {"content": _binary(data)}, ""
    if isinstance(data, Iterable):
        return {"content": data}, ""
    return {"content": str(data)}, ""

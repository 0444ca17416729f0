"""Answers as the test client gives them: those of httpx under the names of requests (spec/08 section 1.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

from ..http.spec import MEMBER

_ABSENT = object()


def is_json(content_type: str) -> bool:
    """Whether a body of this type is JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


class Response:
    """An answer of the server.

    Attributes:
        raw: the httpx.Response; what is not here is looked up there.
        data: the body: parsed where it is JSON, without `__spec__`; else as bytes.
        spec: what `__spec__` said, None where there was none.
    """

    def __init__(self, raw: httpx.Response) -> None:
        self.raw = raw
        self._data: Any = _ABSENT
        self._spec: dict[str, Any] | None = None

    @property
    def status_code(self) -> int:
        """The status as a number."""
        return self.raw.status_code

    @property
    def reason(self) -> str:
        """The reason phrase."""
        return self.raw.reason_phrase

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.raw.status_code < 400

    def __bool__(self) -> bool:
        return self.ok

    @property
    def url(self) -> str:
        """What was asked for, after all redirects."""
        return str(self.raw.url)

    @property
    def headers(self) -> httpx.Headers:
        """The headers, whatever their case."""
        return self.raw.headers

    @property
    def cookies(self) -> httpx.Cookies:
        """The cookies that this answer sets."""
        return self.raw.cookies

    @property
    def content(self) -> bytes:
        """The body."""
        return self.raw.read()

    @property
    def text(self) -> str:
        """The body as text; UTF-8 where no charset is named."""
        self.raw.read()
        return self.raw.text

    def json(self, **options: Any) -> Any:
        """The body parsed as JSON, with `__spec__` if that is there.

        Raises ValueError for what is no JSON.
        """
        return json.loads(self.content, **options)

    def _parse(self) -> None:
        content = self.content
        self._data = content
        if content and is_json(self.headers.get("content-type", "")):
            try:
                self._data = json.loads(content)
            except ValueError:
                return
            if isinstance(self._data, dict):
                self._spec = self._data.pop(MEMBER, None)

    @property
    def data(self) -> Any:
        """The body: parsed where it is JSON, without `__spec__`; else as bytes."""
        if self._data is _ABSENT:
            self._parse()
        return self._data

    @property
    def spec(self) -> dict[str, Any] | None:
        """What `__spec__` said of the resource, None where there was none."""
        if self._data is _ABSENT:
            self._parse()
        return self._spec

    @property
    def history(self) -> list[Response]:
        """The redirects on the way here."""
        return [Response(each) for each in self.raw.history]

    def raise_for_status(self) -> None:
        """Raises httpx.HTTPStatusError for a status of 400 and above."""
        if not self.ok:
            message = f"{self.status_code} {self.reason} for {self.url}"
            raise httpx.HTTPStatusError(message, request=self.raw.request, response=self.raw)

    def iter_content(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The body in pieces of `chunk_size` bytes, or as they come in."""
        return self.raw.iter_bytes(chunk_size)

    def iter_lines(self) -> Iterator[bytes]:
        """The lines of the body."""
        return (line.encode() for line in self.raw.iter_lines())

    def close(self) -> None:
        """Stop reading."""
        self.raw.close()

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "raw":
            raise AttributeError(name)
        return getattr(self.raw, name)

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"

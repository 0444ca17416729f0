"""Names of `was` that the original has deprecated and still serves (spec/04 section 1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .api import encode_json, encode_xml
from .file_reply import FileReply

if TYPE_CHECKING:
    from ..app import Atila
    from .response import Response


class Deprecated:
    """The part of `was` that answers in ways for which `was.API` and `was.File` are there now."""

    if TYPE_CHECKING:
        app: Atila
        response: Response

        def File(self, path: Any, mimetype: str = "", filename: str | None = None) -> FileReply: ...  # noqa: N802

    def tojson(self, value: Any) -> str:
        """`value` as JSON text. Use `was.API`."""
        return encode_json(value, self.app.config.JSON_ENCODER).decode()

    def fromjson(self, text: str | bytes) -> Any:
        """The value of a JSON text; raises ValueError for a malformed one. Use `was.request.JSON`."""
        return json.loads(text)

    def toxml(self, value: Any) -> str:
        """`value` as XML-RPC params. Use `was.API`."""
        return encode_xml(value).decode()

    def fromxml(self, text: str | bytes) -> Any:
        """The first value of XML-RPC params; raises ValueError for a malformed document."""
        import xmlrpc.client

        import defusedxml.xmlrpc

        _, unmarshaller = xmlrpc.client.getparser(use_builtin_types=True)
        guarded = defusedxml.xmlrpc.DefusedExpatParser(unmarshaller)
        try:
            guarded.feed(text)
            guarded.close()
            return unmarshaller.close()[0]
        except Exception as error:
            raise ValueError(f"malformed XML-RPC params: {error}") from None

    def fstream(self, path: str, mimetype: str = "application/octet-stream") -> FileReply:
        """A file as the answer. Use `was.File`."""
        return self.File(path, mimetype)

    def jstream(self, value: Any, key: str | None = None) -> bytes:
        """`value` as a JSON answer, under `key` if one is given. Use `was.API`."""
        self.response.set_header("Content-Type", "application/json")
        return encode_json(value if key is None else {key: value}, self.app.config.JSON_ENCODER)

    def xstream(self, value: Any, use_encoding: Any = None) -> bytes:
        """`value` as an XML-RPC answer. Use `was.API`."""
        self.response.set_header("Content-Type", "text/xml")
        return encode_xml(value)

"""The media type of a file by its name."""

from __future__ import annotations

import mimetypes
import os

UNKNOWN = "application/octet-stream"

# the standard library asks the machine's own tables, which differ in these or lack them
_OWN = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".md": "text/markdown",
    ".wasm": "application/wasm",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ogg": "audio/ogg",
    ".gz": "application/gzip",
    ".xml": "application/xml",
    ".webmanifest": "application/manifest+json",
}


def media_type_of(name: str) -> str:
    """The media type of a file with this name, `application/octet-stream` for an unknown ending."""
    ending = os.path.splitext(name)[1].lower()
    if not ending:
        return UNKNOWN
    return _OWN.get(ending) or mimetypes.guess_type("x" + ending)[0] or UNKNOWN

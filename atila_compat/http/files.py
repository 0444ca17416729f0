"""`was.File`, `Static`, `Media` and `MountedFile`: files as answers of handlers (spec/04 section 12.2)."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ..errors import HTTPError
from .file_reply import FileReply, RedirectReply
from .media_types import UNKNOWN

if TYPE_CHECKING:
    from ..app import Atila
    from .request import Request
    from .response import Response

__all__ = ["FileReply", "Files", "RedirectReply"]


class NoFile(HTTPError):
    """There is no static file at a URL; told as the server itself tells it of one that a client asks for."""

    detail = ""


class Files:
    """The part of `was` that answers with files."""

    if TYPE_CHECKING:
        app: Atila
        request: Request
        response: Response

    def File(  # noqa: N802 - the original's name
        self, path: Any, mimetype: str = UNKNOWN, filename: str | None = None
    ) -> FileReply:
        """A file, by its path or open (README "Primitive").

        Args:
            path: path of the file, relative to the launch script; or an object with `read`.
            mimetype: content type of the answer.
            filename: name under which browsers save it.

        Raises OSError where there is no such file.
        """
        if hasattr(path, "read"):
            return FileReply(fileobj=path, content_type=mimetype, filename=filename)
        full = os.path.join(self._script_directory(), os.fspath(path))
        return FileReply(os.path.normpath(full), content_type=mimetype, filename=filename)

    def MountedFile(self, uri: str) -> FileReply | RedirectReply:  # noqa: N802
        """The file that the service has at this URL path, with everything that static files do.

        Its type is the one that the handler has set, if any, else that of its name.

        Raises HTTPError 404 where there is none.
        """
        scope = self.request.scope
        static = scope.get("atila.static_files") or getattr(self.app, "static_files", None)
        found: FileReply | RedirectReply | None = None
        if static is not None:
            uri = "/" + uri.lstrip("/")
            found = static.lookup(uri) or (static.lookup(unquote(uri)) if "%" in uri else None)
        if found is None:
            raise NoFile("404 Not Found")
        if isinstance(found, RedirectReply):
            # the app's own mount point is no part of the paths of files
            inner = self.app.basepath.rstrip("/")
            return RedirectReply(found.path, (scope.get("root_path") or "").removesuffix(inner))
        found.content_type = self.response.get_header("Content-Type") or found.content_type
        return found

    def Static(self, uri: str) -> FileReply | RedirectReply:  # noqa: N802
        """A file below `config.STATIC_URL`; a slash at its beginning does no harm (README)."""
        return self.MountedFile(f"{self.app.config.STATIC_URL.rstrip('/')}/{uri.lstrip('/')}")

    def Media(self, uri: str) -> FileReply | RedirectReply:  # noqa: N802
        """A file below `config.MEDIA_URL`."""
        return self.MountedFile(f"{self.app.config.MEDIA_URL.rstrip('/')}/{uri.lstrip('/')}")

    def _script_directory(self) -> str:
        known = getattr(self.app, "script_dir", None)
        if known:
            return str(known)
        script = getattr(sys.modules.get("__main__"), "__file__", None)
        return os.path.dirname(os.path.abspath(script)) if script else os.getcwd()

"""`was`: what hooks, handlers and events are given of the request that they work for (spec/04 section 1)."""

from __future__ import annotations

import base64
import functools
import hashlib
import logging
import os
import sys
import tempfile
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from .hooks.events import Broadcasting
from .http.answers import Answers
from .http.deprecated import Deprecated
from .http.files import Files
from .http.input import Input
from .http.rendering import Rendering
from .http.request import Request
from .http.response import Response
from .http.state import ClientState
from .http.uploads import File, FlashFile
from .locks import SharedLock, locks, private_folder
from .routing.urls import URLs
from .security.tokens import Tokens
from .structures import lazy
from .tasks.factory import TaskFactory

if TYPE_CHECKING:
    from .app import Atila
    from .http.mail import Mail
    from .serving.runtime import Runtime
    from .structures import SharedDict

log = logging.getLogger("atila_compat.app")

_lock = threading.RLock()


@functools.cache
def _another_folder(base: str) -> str:
    """A folder for temporary files where the one of the usual name is not ours; the same for a process."""
    return tempfile.mkdtemp(prefix="atila_compat-", dir=base)


class Was(URLs, Answers, Deprecated, Rendering, Files, ClientState, Tokens, TaskFactory, Broadcasting):
    """Made for each request.

    Attributes:
        request: what the client asked.
        response: status and headers of the answer being made.
        app: the app that answers.
        apps: all apps of the server, by name.
        runtime: what lives with the event loop; tasks run there.
    """

    VERSION = (0, 11)
    version = "0.38.1.2"
    Input = Input
    cloned = False

    def __init__(self, app: Atila, request: Request, response: Response, runtime: Runtime) -> None:
        self.app = app
        self.apps = app.apps
        self.request = request
        self.response = response
        self.runtime = runtime

    def __getattr__(self, name: str) -> Any:
        if hasattr(type(self), name):  # a property has failed: its own error, not ours
            return object.__getattribute__(self, name)
        raise AttributeError(f"'was' hasn't attribute {name!r}")

    @classmethod
    def register(cls, name: str, value: Any) -> None:
        """Make `value` available as `was.name` everywhere."""
        setattr(cls, name, value)

    @classmethod
    def unregister(cls, name: str) -> Any:
        """Undo `register`; returns the value."""
        value = getattr(cls, name)
        delattr(cls, name)
        return value

    @property
    def g(self) -> SharedDict:
        """A dict that the apps of this process share (README "Data Exchanging")."""
        return self.apps.g

    @property
    def env(self) -> dict[str, Any]:
        """The WSGI environ."""
        return self.request.env

    @property
    def user(self) -> Any:
        """Who asks, the same as `was.request.user` (README "Testing")."""
        return self.request.user

    @user.setter
    def user(self, user: Any) -> None:
        self.request.user = user

    @property
    def ID(self) -> int:  # noqa: N802 - the original's name
        """A number for the thread that runs."""
        return threading.get_ident()

    @property
    def timestamp(self) -> int:
        """Milliseconds since the epoch."""
        return int(time.time() * 1000)

    @property
    def uniqid(self) -> str:
        """A unique id."""
        return uuid.uuid4().hex

    def make_uid(self, seed: str | None = None) -> str:
        """22 characters that can stand in a URL: at random, or always the same for a seed."""
        digest = (
            uuid.uuid4().bytes if seed is None else hashlib.md5(seed.encode(), usedforsecurity=False).digest()
        )
        return base64.b64encode(digest, altchars=b".-").rstrip(b"=").decode()

    def gentemp(self) -> str:
        """An unused path for a temporary file."""
        user = f"-{os.geteuid()}" if hasattr(os, "geteuid") else ""  # each user of the machine has their own
        folder = os.path.join(tempfile.gettempdir(), f"atila_compat{user}")
        try:
            private_folder(folder)
        except PermissionError:  # somebody else has been there before us
            folder = _another_folder(tempfile.gettempdir())
        return os.path.join(folder, uuid.uuid4().hex)

    @property
    def tempfile(self) -> str:
        """The same as `gentemp()`."""
        return self.gentemp()

    @property
    def flashfile(self) -> FlashFile:
        """An unused path for a temporary file, which is deleted at the end of a `with` block."""
        return FlashFile(self.gentemp())

    @lazy
    def init_time(self) -> float:
        """When this was first asked for, in epoch seconds."""
        return time.time()

    def email(self, subject: str, sender: str, to: str | list[str]) -> Mail:
        """A mail to be written and sent: `was.email (...).add_text ("...").send ()`."""
        from .http.mail import Mail  # few apps send mail

        return Mail(subject, sender, to)

    def txnid(self) -> str:
        """Global and local transaction id, for log lines."""
        return f"{self.request.gtxid}/{self.request.ltxid}"

    def get_lock(self, name: str | None = None) -> SharedLock:
        """A re-entrant lock of that name, for all worker processes of the service."""
        return locks.get(name or "__main__")

    @property
    def lock(self) -> threading.RLock:
        """A lock for the whole process."""
        return _lock

    @property
    def plock(self) -> SharedLock:
        """A lock for all worker processes of the service."""
        return self.get_lock()

    def log(self, msg: str, category: str = "info") -> None:
        """Write a line into the log, with the request's transaction ids (README "Logging and Traceback")."""
        level = {"debug": 10, "info": 20, "warn": 30, "warning": 30}.get(category, 20)
        failed = category in ("error", "expt", "fail", "fatal")
        log.log(40 if failed else level, "[%s:%s] %s", category, self.txnid(), msg)

    def traceback(self, id: str = "") -> None:  # noqa: A002 - the original's name
        """Write the exception being handled into the log; `id` in place of the transaction ids."""
        log.error("[expt:%s]", id or self.txnid(), exc_info=sys.exc_info())

    def push(self, uri: str) -> None:
        """Let the client load `uri` ahead: a preload Link header (HTTP/2 push is gone from browsers)."""
        self.response.append_header("Link", f"<{uri}>; rel=preload")

    def release(self) -> None:
        """End what still runs for a request that has been answered, delete its temporary files."""
        for value in (self.request.multipart or {}).values():
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, File):
                    one.discard()

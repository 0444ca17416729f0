"""As much of an app and a `was` as checks need."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any, cast

from atila_compat.http.response import Response
from atila_compat.security.authentication import Authentication
from atila_compat.security.permission import Permission
from atila_compat.structures import AttrDict, CaseInsensitiveDict


class App(Authentication, Permission):
    """An app with users."""

    def __init__(self, **attributes: Any) -> None:
        self.app_name = "app"
        self.realm = "Vault"
        self.users: dict[str, Any] = {}
        self.opaque: str | None = None
        self.config = AttrDict()
        super().__init__()
        for name, value in attributes.items():
            setattr(self, name, value)


def make_was(app: Any, method: str = "GET", uri: str = "/", args: Any = None, **headers: str) -> Any:
    """A request to the app; `If_Match="x"` is the header If-Match: x."""
    lowered = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    request = SimpleNamespace(
        method=method, uri=uri, user=None, ARGS=AttrDict(args or {}), headers=lowered, get_header=lowered.get
    )
    return SimpleNamespace(app=app, request=request, response=Response(cast(Any, request)))


def digest_response(
    nonce: str,
    *,
    user: str = "hans",
    password: str = "secret",
    realm: str = "Vault",
    uri: str = "/",
    method: str = "GET",
    nc: str = "00000001",
    cnonce: str = "c",
    algorithm: str | None = None,
) -> str:
    """The Authorization header of a client that knows the password."""

    def digest(text: str) -> str:
        return hashlib.new("sha256" if algorithm == "SHA-256" else "md5", text.encode()).hexdigest()

    secret, what = digest(f"{user}:{realm}:{password}"), digest(f"{method}:{uri}")
    response = digest(f"{secret}:{nonce}:{nc}:{cnonce}:auth:{what}")
    text = (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", qop=auth, nc={nc}, '
        f'cnonce="{cnonce}", response="{response}", opaque="o"'
    )
    return text + (f", algorithm={algorithm}" if algorithm else "")

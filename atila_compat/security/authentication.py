"""HTTP authentication: basic, digest and bearer (spec/05 section 8)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..routing.resource import resource_of
from ..types import Handler
from . import jwt
from ._checks import settled
from ._nonces import make_nonce
from .digest import Verdict, is_complete, judge, parse_parameters

if TYPE_CHECKING:
    from ..app import Atila
    from ..http.response import ErrorReply
    from ..was import Was

KINDS = ("basic", "digest", "bearer")
MAX_LENGTH = 32 * 1024
"""Characters of credentials; longer ones are refused."""


class AuthorizedUser:
    """Who has passed basic or digest authentication; as text, the name.

    Attributes:
        name: the user name.
        realm: the app's realm.
        info: what the app's record says besides, or None.
    """

    __slots__ = ("info", "name", "realm")

    def __init__(self, name: str, realm: str, info: Any = None) -> None:
        self.name, self.realm, self.info = name, realm, info

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<AuthorizedUser {self.name}>"


class Record(NamedTuple):
    """What an app knows of a user.

    Attributes:
        password: the password; if `encrypted`, the MD5 of `user:realm:password` in hexadecimal digits.
        info: anything; it becomes `was.request.user.info`.
    """

    password: str
    encrypted: bool = False
    info: Any = None


class Authentication:
    """The part of an app that knows its users."""

    def __init__(self) -> None:
        super().__init__()
        self._user_handler: Handler | None = None
        self._bearer_handler: Handler | None = None
        self._authenticate: str | None = None

    @property
    def authenticate(self) -> Any:
        """What everybody has to pass who asks for anything of this app: None, "basic", "digest" or "bearer".

        May be set to True, too, for "digest"; to False for None. Raises AssertionError for another kind.
        """
        return self._authenticate

    @authenticate.setter
    def authenticate(self, kind: Any) -> None:
        if isinstance(kind, int):
            kind = "digest" if kind else None
        kinds = ", ".join(KINDS)
        assert not kind or kind in KINDS, f"app.authenticate takes None, True, {kinds}, not {kind!r}"
        self._authenticate = kind or None

    def authorization_required(self, authenticate: str) -> Callable[[Handler], Handler]:
        """Let only those pass who authenticate; stands below `@app.route`.

        Args:
            authenticate: "basic", "digest" or "bearer".

        Raises AssertionError for another kind.
        """
        kinds = ", ".join(KINDS)
        assert authenticate in KINDS, f"authorization_required takes {kinds}, not {authenticate!r}"

        def decorate(func: Handler) -> Handler:
            resource = resource_of(func)
            resource.options["authenticate"] = authenticate
            resource.auth_requirements.append(("authorization", authenticate))
            return func

        return decorate

    def authorization_handler(self, func: Handler) -> Handler:
        """Let the decorated `func(was, username)` look up users, in place of `app.users`.

        It returns the password, or (password, encrypted, info), or None for nobody.
        """
        self._user_handler = func
        return func

    def bearer_handler(self, func: Handler) -> Handler:
        """Let the decorated `func(was, token)` check bearer tokens: it returns None, or what is wrong.

        Without one the token is a JWT that the app's `securekey` has signed.
        """
        self._bearer_handler = func
        return func

    def find_user(self, was: Was, name: str) -> Record | None:
        """What the app knows of a user, None where it knows nobody of that name.

        Who has no password is nobody, so that an empty one never opens anything.

        Raises TypeError where a record has another form than `authorization_handler` says.
        """
        if self._user_handler is not None:
            found = settled(self._user_handler(was, name), was)
        else:
            found = was.app.users.get(name)
        if not found:
            return None
        record = Record(*found) if isinstance(found, (tuple, list)) else Record(found)
        if not record.password:
            return None
        if not isinstance(record.password, str):
            raise TypeError(f"the password of {name!r} should be a str, not {type(record.password).__name__}")
        return record

    def check_bearer(self, was: Was, token: str) -> Any:
        """What is wrong with a bearer token; falsy where nothing is."""
        if self._bearer_handler is not None:
            return settled(self._bearer_handler(was, token), was)
        return was.decode_jwt(token).get("err")


def authenticate(was: Was, kind: str | None) -> ErrorReply | None:
    """Find out who asks: sets `was.request.user`, or returns the 401 that is the answer.

    Runs in a worker thread, before the body is read.

    Args:
        was: of the request; preflight requests do not come here.
        kind: "basic", "digest", "bearer"; None lets everybody pass.
    """
    if not kind:
        return None
    challenges = _CHECKS[kind](was, *_credentials(was))
    if challenges is None:
        return None
    refusal = was.response.with_explain("401 Unauthorized")
    was.response.del_header("WWW-Authenticate")
    for challenge in challenges:
        was.response.add_header("WWW-Authenticate", challenge)
    return refusal


def _credentials(was: Was) -> tuple[str, str]:
    """Scheme, in lower case, and credentials of the Authorization header; both empty where one is missing."""
    header = (was.request.get_header("Authorization") or "").strip()
    scheme, _, credentials = header.partition(" ")
    credentials = credentials.strip()
    if not credentials or len(credentials) > MAX_LENGTH:
        return "", ""
    return scheme.lower(), credentials


def _quoted(text: object) -> str:
    """A quoted-string of a header."""
    safe = "".join(c if " " <= c != "\x7f" else " " for c in str(text))
    return '"' + safe.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _as_utf8(text: str) -> str:
    """Header text, which servers decode as latin-1, as the UTF-8 that clients mean."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


# -- basic ---------------------------------------------------------------------------------------------------


def _basic(was: Was, scheme: str, credentials: str) -> list[str] | None:
    user = _basic_user(was, credentials) if scheme == "basic" else None
    if user is None:
        return [f"Basic realm={_quoted(was.app.realm)}"]
    was.request.user = user
    return None


def _basic_user(was: Was, credentials: str) -> AuthorizedUser | None:
    try:
        raw = base64.b64decode(credentials, validate=True)
    except ValueError:
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    name, colon, password = text.partition(":")
    if not colon:
        return None
    app: Atila = was.app
    record = app.find_user(was, name)
    if record is None:
        return None
    if record.encrypted:
        given = f"{name}:{app.realm}:{password}".encode("utf-8", "surrogatepass")
        password = hashlib.md5(given, usedforsecurity=False).hexdigest()
    stored = record.password.lower() if record.encrypted else record.password
    return AuthorizedUser(name, app.realm, record.info) if _same(password, stored) else None


# -- digest --------------------------------------------------------------------------------------------------


def _digest(was: Was, scheme: str, credentials: str) -> list[str] | None:
    verdict = _digest_verdict(was, credentials) if scheme == "digest" else Verdict.WRONG
    return None if verdict is Verdict.RIGHT else _digest_challenges(was.app, verdict is Verdict.STALE)


def _digest_challenges(app: Atila, stale: bool) -> list[str]:
    seed = f"{app.app_name}:{app.realm}".encode()
    opaque = app.opaque or hashlib.md5(seed, usedforsecurity=False).hexdigest()
    end = f"nonce={_quoted(make_nonce(time.time()))}, opaque={_quoted(opaque)}"
    if stale:
        end += ", stale=true"
    start = f'Digest realm={_quoted(app.realm)}, qop="auth"'
    challenges = [f"{start}, {end}"]
    if app.config.get("DIGEST_SHA256"):
        challenges.insert(0, f"{start}, algorithm=SHA-256, {end}")
    return challenges


def _digest_verdict(was: Was, credentials: str) -> Verdict:
    app, request = was.app, was.request
    given = {name: _as_utf8(value) for name, value in parse_parameters(credentials).items()}
    if not is_complete(given, target=_as_utf8(request.uri), realm=app.realm):
        return Verdict.WRONG
    record = app.find_user(was, given["username"])
    verdict = judge(
        given,
        method=request.method,
        realm=app.realm,
        password=secrets.token_hex() if record is None else record.password,
        encrypted=record is not None and record.encrypted,
        now=time.time(),
        foreign=bool(app.config.get("DIGEST_FOREIGN_NONCES", True)),
    )
    if verdict is Verdict.RIGHT and record is not None:
        request.user = AuthorizedUser(given["username"], app.realm, record.info)
    return verdict


# -- bearer --------------------------------------------------------------------------------------------------


def _bearer(was: Was, scheme: str, token: str) -> list[str] | None:
    challenge = f"Bearer realm={_quoted(was.app.realm)}"
    if scheme != "bearer":
        return [challenge]
    wrong = was.app.check_bearer(was, token)
    if wrong and str(wrong) == object.__repr__(wrong):
        # was.response(...), say, whose address is nobody's business
        wrong = jwt.INVALID
    return [f"{challenge}, error={_quoted(wrong)}"] if wrong else None


_CHECKS: dict[str, Callable[[Any, str, str], list[str] | None]] = {
    "basic": _basic,
    "digest": _digest,
    "bearer": _bearer,
}

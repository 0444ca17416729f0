"""`was.request` (spec/04 section 2)."""

from __future__ import annotations

import ipaddress
import json
import re
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from ..context import get_was
from ..errors import HTTPError
from ..structures import AttrDict, CaseInsensitiveDict, lazy
from ..types import Scope
from .arguments import Arguments, decode_query, merge, parse_query
from .environ import build_environ
from .input import content_length, parse_length

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from ..app import Atila
    from ..routing.resource import Resource
    from ..routing.route import Route
    from .cookies import Cookies
    from .mbox import MessageBox
    from .session import Session

MULTIPART_KEPT = 1_000_000
"""Bytes: a multipart body above this is not kept for `get_body()`, only its parts are."""

LONGEST_SHOWN = 2048
"""Characters of a client's text that are shown in the log."""

FORM_TYPE = "application/x-www-form-urlencoded"

_ESCAPED = re.compile(r"\\(.)")
_IN_PATHS = "/:@!$&'()*+,;=-._~"


def quoted(path: str) -> str:
    """A decoded path as it stands in a URL."""
    return quote(path, safe=_IN_PATHS, errors="replace")


def path_below(scope: Scope) -> str:
    """The decoded path below the mount point of who is asked; empty for that point without its slash."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path") or "")


def on_a_line(text: str) -> str:
    """A client's text as the log shows it: whatever it holds, it ends no line and tells terminals nothing."""
    if len(text) > LONGEST_SHOWN:
        text = text[:LONGEST_SHOWN] + "..."
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def known_user(user: Any) -> Any:
    """Who asks, as Starlette's AuthenticationMiddleware around the app says; None for nobody it knows."""
    return getattr(user, "original", user) if getattr(user, "is_authenticated", False) else None


def split_header(value: str) -> list[str]:
    """The parts of a header value between semicolons; those within quotes do not count."""
    parts: list[str] = []
    begin, in_quotes, escaped = 0, False, False
    for place, char in enumerate(value):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = in_quotes
        elif char == '"':
            in_quotes = not in_quotes
        elif char == ";" and not in_quotes:
            parts.append(value[begin:place].strip())
            begin = place + 1
    return [*parts, value[begin:].strip()]


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


Values: TypeAlias = "dict[str, Any]"  # Request has a method of the name `dict`, as the original does


class Request:
    """What the client asked.

    Args:
        scope: the ASGI scope.
        path: the path below the app's mount point, decoded; PATH_INFO.
        app: the app that answers.

    Attributes:
        method: in upper case.
        body: the whole body; None where it was not kept or is streamed.
        user: who asks, set by authentication, by the app, or by Starlette's authentication around it.
        route: the route that answers, None before it is found.
        native: the same where it is one of Starlette's.
    """

    native: BaseRoute | None = None

    def __init__(self, scope: Scope, path: str, app: Atila) -> None:
        self.scope = scope
        self.path = path
        self.current_app = app
        self.method: str = scope.get("method", "GET")
        self.body: bytes | None = None
        self.user: Any = None if "user" not in scope else known_user(scope["user"])
        self.route: Route | None = None
        self.PARAMS: dict[str, Any] = {}
        self.multipart: dict[str, Any] | None = None

    # -- request line ---------------------------------------------------------------------------------------

    @property
    def body_received(self) -> bool:
        """Whether the end of the body has been read from the connection."""
        return self.body is not None or self.multipart is not None

    @property
    def has_arguments(self) -> bool:
        """Whether there is a query or a body, beside the parameters of the path."""
        return bool(self.body) or self.multipart is not None or bool(self.scope.get("query_string"))

    @property
    def command(self) -> str:
        """The method in lower case."""
        return self.method.lower()

    @lazy
    def uri(self) -> str:
        """The raw target with its query: `/a%20b?c=d`."""
        raw: bytes | None = self.scope.get("raw_path")
        path = raw.partition(b"?")[0].decode("utf-8", "replace") if raw else quoted(self.scope["path"])
        query = self.scope.get("query_string", b"")
        return f"{path}?{decode_query(query)}" if query else path

    @property
    def version(self) -> str:
        """`1.0`, `1.1`, `2.0` or `3.0`."""
        version: str = self.scope.get("http_version", "1.1")
        return version if "." in version else version + ".0"

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        scheme: str = self.scope.get("scheme", "http")
        return {"ws": "http", "wss": "https"}.get(scheme, scheme)

    def split_uri(self) -> tuple[str, str | None, str | None, str | None]:
        """The parts of the target: path, `;params`, `?query`, `#fragment`; None for those not there."""
        rest, hash_, fragment = self.uri.partition("#")
        rest, mark, query = rest.partition("?")
        path, semicolon, params = rest.partition(";")
        return (
            path,
            semicolon + params if semicolon else None,
            mark + query if mark else None,
            hash_ + fragment if hash_ else None,
        )

    # -- headers --------------------------------------------------------------------------------------------

    @lazy
    def lowered(self) -> dict[str, str]:
        """Headers by lower-case name; repeated ones joined."""
        found: dict[str, str] = {}
        for key, value in self.scope["headers"]:
            name, text = key.decode("latin-1"), value.decode("latin-1").strip(" \t")
            if name in found:
                found[name] += ("; " if name == "cookie" else ", ") + text
            else:
                found[name] = text
        return found

    @lazy
    def headers(self) -> Mapping[str, str]:
        """Headers by name, without regard to case."""
        return CaseInsensitiveDict({_title(name): value for name, value in self.lowered.items()})

    def get_header(self, name: str | None = None, default: Any = None) -> Any:
        """One header, or the list of all (`"Name: value"`) without a name."""
        if name is None:
            return self.get_headers()
        return self.lowered.get(name.lower(), default)

    def get_headers(self) -> list[str]:
        """All headers as `"Name: value"`."""
        return [
            f"{_title(key.decode('latin-1'))}: {value.decode('latin-1')}"
            for key, value in self.scope["headers"]
        ]

    def set_header(self, name: str, value: str) -> None:
        """Replace a header of the request, for handlers and hooks that come later."""
        self.lowered[name.lower()] = value
        self.__dict__.pop("headers", None)

    def get_header_params(self, name: str, default: Any = None) -> tuple[Any, dict[str, str]]:
        """A header's value without its parameters, and the parameters."""
        value = self.lowered.get(name.lower())
        if value is None:
            return default, {}
        first, *rest = split_header(value)
        params = {}
        for part in rest:
            key, _, text = (piece.strip() for piece in part.partition("="))
            if len(text) > 1 and text[0] == text[-1] == '"':
                text = _ESCAPED.sub(r"\1", text[1:-1])
            if key:
                params[key.lower()] = text
        return first, params

    get_header_with_attr = get_header_params

    def get_header_noparam(self, name: str, default: Any = None) -> Any:
        """A header's value without its parameters."""
        value = self.lowered.get(name.lower())
        return default if value is None else value.partition(";")[0].strip()

    def get_attr(self, header: str, attr: str, default: Any = None) -> Any:
        """One parameter of a header, `charset` of `Content-Type`."""
        return self.get_header_params(header)[1].get(attr.lower(), default)

    def get_content_type(self) -> str | None:
        """The media type without parameters."""
        return self.get_header_noparam("content-type") or None

    def get_main_type(self) -> str | None:
        """The part of the media type before its slash."""
        kind = self.get_content_type()
        return kind.partition("/")[0] if kind else None

    def get_sub_type(self) -> str | None:
        """The part of the media type behind its slash."""
        kind = self.get_content_type()
        return kind.partition("/")[2] if kind else None

    def get_content_length(self) -> int | None:
        """The announced length of the body in bytes."""
        return parse_length(self.lowered.get("content-length", ""))

    def get_charset(self) -> str | None:
        """The `charset` of the content type."""
        return self.get_attr("content-type", "charset")  # type: ignore[no-any-return]

    def get_user_agent(self) -> str | None:
        """The `User-Agent` header."""
        return self.lowered.get("user-agent")

    host = property(lambda self: self.lowered.get("host"))
    referer = property(lambda self: self.lowered.get("referer", ""))
    origin = property(lambda self: self.lowered.get("origin", ""))
    user_agent = property(get_user_agent)
    content_type = property(get_content_type)
    main_type = property(get_main_type)
    sub_type = property(get_sub_type)
    charset = property(get_charset)
    content_length = property(get_content_length)

    @lazy
    def announced_length(self) -> int | None:
        """Bytes that the body is going to have, -1 or None where that is not said: `input.content_length`."""
        return content_length(self.scope)

    @property
    def accept(self) -> str:
        """The `Accept` header, empty where there is none."""
        return self.lowered.get("accept", "")

    @lazy
    def acceptables(self) -> dict[str, dict[str, str]]:
        """Accepted media types with their parameters: `{"text/html": {"q": "0.8"}}`."""
        found: dict[str, dict[str, str]] = {}
        for element in self.accept.split(","):
            media, *params = (part.strip() for part in element.split(";"))
            if media:
                pairs = (param.partition("=") for param in params)
                found[media] = {key.strip(): value.strip() for key, _, value in pairs}
        return found

    def acceptable(self, media: str, strict: bool = True) -> bool:
        """Whether the client takes `media`, by name; not `strict`: whether it takes anything, `*/*`."""
        return (media if strict else "*/*") in self.accept

    # -- client ---------------------------------------------------------------------------------------------

    def get_remote_addr(self) -> str:
        """The address of the peer."""
        client = self.scope.get("client")
        return client[0] if client else ""

    def get_real_ip(self) -> str:
        """The first address of `X-Forwarded-For`, else the peer's. Anybody can send that header."""
        forwarded = self.lowered.get("x-forwarded-for", "").partition(",")[0].strip()
        return forwarded or self.get_remote_addr()

    remote_addr = property(get_remote_addr)
    real_ip = property(get_real_ip)

    def is_private_ip(self, ip: str | None = None) -> str | None:
        """The address itself where it is a private one, else None."""
        address = ip or self.get_remote_addr()
        try:
            return address if ipaddress.ip_address(address).is_private else None
        except ValueError:
            return None

    # -- arguments ------------------------------------------------------------------------------------------

    @lazy
    def URL(self) -> dict[str, Any]:  # noqa: N802 - the original's name
        """The query string, parsed."""
        return parse_query(decode_query(self.scope.get("query_string", b"")))

    @lazy
    def FORM(self) -> dict[str, Any] | None:  # noqa: N802
        """The form, parsed; None where the body is none."""
        if self.multipart is not None:
            return self.multipart
        if not self.body or not self.lowered.get("content-type", "").lower().startswith(FORM_TYPE):
            return None
        return parse_query(self.body.decode("utf-8", "replace"))

    @lazy
    def JSON(self) -> Any:  # noqa: N802
        """The JSON body, parsed; None where the body is none."""
        if not self.body or not self.lowered.get("content-type", "").lower().startswith("application/json"):
            return None
        if self.lowered["content-type"].lower().startswith("application/json-rpc"):
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise HTTPError("400 Bad Request", "invalid JSON body") from None

    @lazy
    def DATA(self) -> Any:  # noqa: N802
        """Form or JSON; empty where there is neither."""
        form = self.FORM
        if form is not None:
            return form
        return self.JSON or {}

    @lazy
    def merged(self) -> dict[str, Any]:
        """Path parameters, query and body in one."""
        return merge(self.PARAMS, self.URL, self.DATA)

    @lazy
    def ARGS(self) -> Arguments:  # noqa: N802
        """Path parameters, query, body and the defaults of what is missing, in one dict."""
        args = Arguments(self.merged)
        if self.route is not None:
            for name, value in self.route.resource.defaults.items():
                args.setdefault(name, value)
        return args

    @property
    def args(self) -> Arguments:
        """The same as `ARGS`."""
        return self.ARGS

    @property
    def DEFAULT(self) -> dict[str, Any] | None:  # noqa: N802
        """The handler's defaults, None where it has none."""
        return (self.route.resource.defaults or None) if self.route is not None else None

    def parse(self) -> None:
        """Parse query and body now.

        Raises HTTPError 400 where one of them is malformed.
        """
        if self.has_arguments:
            self.merged  # noqa: B018 - computed at its first use, which should not come after the hooks

    def form(self) -> Values | None:
        """The form, or None."""
        return self.FORM

    def json(self) -> Any:
        """The JSON body, or None."""
        return self.JSON

    def dict(self) -> Any:
        """Form or JSON, or an empty dict."""
        return self.DATA

    def get_body(self) -> bytes | None:
        """The body; None where it is empty, or for a large multipart body (spec/04 section 2)."""
        return self.body or None

    get_payload = get_body
    payload = property(get_body)

    # -- route ----------------------------------------------------------------------------------------------

    @property
    def resource(self) -> Resource | None:
        """What is known of the handler."""
        return self.route.resource if self.route is not None else None

    @property
    def routed(self) -> Any:
        """The handler that answers; of a native route its endpoint."""
        if self.route is not None:
            return self.route.handler
        return getattr(self.native, "endpoint", None) or getattr(self.native, "app", None)

    @property
    def routable(self) -> Any:
        """The options of the route (spec/02 section 1.3)."""
        if self.route is not None:
            return self.route.routable
        if self.native is None:
            return None
        assert self.current_app.native is not None
        return self.current_app.native.routable_of(self.native)

    # -- the rest of `was` that is also found here ----------------------------------------------------------

    @lazy
    def g(self) -> AttrDict:
        """Values of this request, for hooks, handler and templates."""
        return AttrDict()

    @lazy
    def env(self) -> Values:
        """The WSGI environ (spec/04 section 3)."""
        return build_environ(self)

    @property
    def cookie(self) -> Cookies:
        """The same as `was.cookie`."""
        return get_was().cookie

    @property
    def session(self) -> Session:
        """The same as `was.session`."""
        return get_was().session

    @property
    def mbox(self) -> MessageBox:
        """The same as `was.mbox`."""
        return get_was().mbox

    @property
    def JWT(self) -> Values:  # noqa: N802
        """The claims of the bearer token, or `{"err": reason}`."""
        return get_was().decode_jwt()

    def dejwt(self, token: str | None = None, salt: Any = None) -> Values:
        """The same as `was.decode_jwt`."""
        return get_was().decode_jwt(token, salt)

    @property
    def salt(self) -> bytes | None:
        """The app's secure key as bytes."""
        return self.current_app.salt

    @lazy
    def gtxid(self) -> str:
        """The global transaction id: the `X-Gtxn-Id` header, else a new one."""
        return self.lowered.get("x-gtxn-id") or self._note("gtxid", uuid.uuid4().hex[:16])

    @lazy
    def ltxid(self) -> str:
        """The local transaction id: the `X-Ltxn-Id` header, else a new one."""
        return self.lowered.get("x-ltxn-id") or self._note("ltxid", uuid.uuid4().hex[:8])

    def _note(self, name: str, value: str) -> str:
        """Keep a value where the access log finds it."""
        state = self.scope.get("state")
        if isinstance(state, dict):
            state[name] = value
        return value

    def get_gtxid(self) -> str:
        """The same as `gtxid`."""
        return self.gtxid

    def get_ltxid(self) -> str:
        """The same as `ltxid`."""
        return self.ltxid

    @property
    def url(self) -> str:
        """The absolute URL."""
        server = self.scope.get("server") or ()
        host = self.lowered.get("host") or ":".join(str(part) for part in server if part is not None)
        return f"{self.scheme}://{host}{self.uri}"

    def __repr__(self) -> str:
        return f"<Request {self.method} {on_a_line(self.path)}>"

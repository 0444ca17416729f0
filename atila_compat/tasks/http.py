"""Calls to HTTP servers: `was.get`, `was.post` and their relatives (spec/06 sections 1 and 2.3).

They run on the event loop, on connections that are kept: `transports` has the pools, `clusters` chooses among
the servers of an alias. Redirects are not followed, as in the original.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpcore

from ..errors import HTTPTaskError
from ..structures import CaseInsensitiveDict
from . import aliases, payload, transports
from .clusters import Cluster, Node, cluster_of
from .group import Spread
from .outgoing import Outgoing, outgoing
from .remote import CallOptions, RemoteTask, start
from .response import STA_NETERR, STA_NORMAL, STA_REQFAIL, STA_TIMEOUT, Failure, Result
from .streams import ByteStream
from .targets import Target, find_target
from .task import Origin
from .transports import Answer

if TYPE_CHECKING:
    from ..serving.runtime import Runtime
    from ..was import Was

Headers = Mapping[str, str] | Iterable[tuple[str, str]]
Credentials = tuple[str, str] | str | None

ENGINE = "Skitai/0.38"
USER_AGENT = "Mozilla/5.0 (compatible; atila_compat)"
BODYLESS = frozenset({"GET", "DELETE", "OPTIONS", "TRACE", "HEAD"})
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_OF_THIS_REQUEST = frozenset({"X-Gtxn-Id", "X-Ltxn-Id"})

_HUNG_UP = (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError)
_UNREACHED = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError)
_UNSENDABLE = (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, TypeError, ValueError)
_BREAKS = re.compile(r"[\r\n\0]")
_UNSAFE = re.compile(r"[^!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]|%(?![0-9A-Fa-f]{2})")


@dataclass
class Call:
    """One call, ready to be sent.

    Attributes:
        seconds: that it may take altogether.
        accept: what the answer's type is held against; empty takes all.
        stream: hand out the body as it arrives.
        raw: hand it out as it is sent, compressed or not.
    """

    method: str
    target: Target
    headers: dict[str, str]
    content: payload.Content | None
    auth: Credentials
    seconds: float
    outgoing: Outgoing
    accept: str = ""
    stream: bool = False
    raw: bool = False
    extra_headers: list[tuple[str, str]] = field(default_factory=list)

    def encoded_headers(self, member: aliases.Member) -> list[tuple[bytes, bytes]]:
        """The headers for a server. ValueError for those that would break the request."""
        found: list[tuple[bytes, bytes]] = []
        names = set()
        for name, value in (*self.headers.items(), *self.extra_headers):
            if _BREAKS.search(name) or _BREAKS.search(value):
                raise ValueError(f"header {name[:64]!r} has a line break in it")
            names.add(name.lower())
            found.append((name.encode("latin-1"), value.strip().encode("latin-1")))
        if "host" not in names:
            usual = self.target.usual_port
            host = transports.encode_host(member.host)
            host = b"[%b]" % host if b":" in host else host
            found.insert(0, (b"Host", host if member.port == usual else b"%b:%d" % (host, member.port)))
        if isinstance(self.content, bytes):
            found.append((b"Content-Length", b"%d" % len(self.content)))
        elif self.content is not None and "content-length" not in names:
            found.append((b"Transfer-Encoding", b"chunked"))
        elif self.content is None and self.method in ("POST", "PUT", "PATCH"):
            found.append((b"Content-Length", b"0"))
        return found

    @property
    def repeatable(self) -> bool:
        """Whether the body could be sent again."""
        return self.content is None or isinstance(self.content, bytes)


class HTTPResult(Result):
    """An HTTP answer; `data` is decoded at the first look at it."""

    def __init__(self, answer: Answer, content: bytes | ByteStream) -> None:
        self.raw_headers = answer.headers
        self.content = content
        self.content_type = answer.header("content-type")
        code, reason = answer.status_code, answer.reason
        error = HTTPTaskError(f"{code} {reason}", self) if code >= 300 else None
        super().__init__(None, error, status=STA_NORMAL, status_code=code, reason=reason)
        self.version = answer.version
        self._decoded = False

    @property
    def data(self) -> Any:
        """The body: JSON and XML-RPC decoded, text as str, the rest as bytes. ValueError for broken JSON."""
        if not self._decoded:
            content = self.content
            self._data = payload.decode(content, self.content_type) if isinstance(content, bytes) else content
            self._decoded = True
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        self._data, self._decoded = value, True

    @property
    def text(self) -> str:
        """The body as text."""
        if not isinstance(self.content, bytes):
            return ""
        return self.content.decode(payload.charset_of(self.content_type), "replace")

    @property
    def headers(self) -> Mapping[str, str]:  # type: ignore[override]
        """The headers, by name without regard to case; repeated ones joined."""
        found: CaseInsensitiveDict | None = self.__dict__.get("_headers")
        if found is None:
            found = CaseInsensitiveDict()
            for name, value in self.raw_headers:
                found[name] = f"{found[name]}, {value}" if name in found else value
            self.__dict__["_headers"] = found
        return found

    def get_header(self, name: str, default: Any = None) -> Any:
        """The first header of this name."""
        name = name.lower()
        return next((value for each, value in self.raw_headers if each.lower() == name), default)


# -- on the event loop ---------------------------------------------------------------------------------------


def _trouble(error: BaseException) -> Failure:
    """The result for an exception on the way."""
    if isinstance(error, httpcore.TimeoutException):
        return Failure(STA_TIMEOUT, 730, "Timeout", cause=error)
    if isinstance(error, _HUNG_UP):
        return Failure(STA_NETERR, 700, "Connection closed unexpectedly in recv", cause=error)
    if isinstance(error, _UNSENDABLE):
        return Failure(STA_REQFAIL, 731, "Request Failed", cause=error)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return Failure(STA_NETERR, 704, "DNS Not Found", cause=error)
        cause = cause.__cause__ or cause.__context__
    return Failure(STA_NETERR, 701, "Exception Occured", cause=error)


class Sender:
    """Sends a call, to one server after the other where that is possible."""

    def __init__(self, runtime: Runtime, call: Call, only: Node | None = None) -> None:
        self.runtime = runtime
        self.call = call
        target = call.target
        if only is not None:
            self.cluster = Cluster([only.member], target.name)
        elif target.alias is not None:
            self.cluster = cluster_of(runtime, target.alias)
        else:
            assert target.member is not None
            self.cluster = Cluster([target.member])

    async def run(self) -> Result:
        """The answer, or the last failure. Never raises, but for cancellation."""
        call, cluster = self.call, self.cluster
        tried: list[Node] = []
        again = call.method in IDEMPOTENT and call.repeatable
        result: Result | None = None
        while (node := cluster.pick(tried)) is not None:
            try:
                result = await self._send(node)
                cluster.succeeded(node)
                return result
            except Exception as error:  # told apart below
                result = _trouble(error)
                hung_up = isinstance(error, _HUNG_UP)
            finally:
                cluster.release(node)
            result.node = (node.member.host, node.member.port)
            if hung_up and again:
                again = False  # a connection that was kept for long may break at its next use: once more
                continue
            tried.append(node)
            if isinstance(error_of(result), (*_UNREACHED, *_HUNG_UP)):
                cluster.failed(node)
            may_repeat = call.repeatable and (call.method in IDEMPOTENT if hung_up else True)
            if not may_repeat or not isinstance(error_of(result), (*_UNREACHED, *_HUNG_UP)):
                return result
        assert result is not None
        return result

    def _request(self, member: aliases.Member, authorization: str) -> httpcore.Request:
        call = self.call
        headers = call.encoded_headers(member)
        if authorization:
            headers.append((b"Authorization", authorization.encode("latin-1")))
        # the whole call has its time limit; what cannot even be reached leaves some of it to the next server
        connect = call.seconds / len(self.cluster.nodes)
        return httpcore.Request(
            call.method,
            httpcore.URL(
                scheme=call.target.scheme.encode(),
                host=transports.encode_host(member.host),
                port=None if member.port == call.target.usual_port else member.port,
                target=quote_unsafe(member.path.rstrip("/") + call.target.path).encode(),
            ),
            headers=headers,
            content=call.content,
            extensions={"timeout": {"connect": connect}},
        )

    async def _send(self, node: Node) -> Result:
        call, member = self.call, node.member
        alias = call.target.alias
        pool = transports.transports_of(self.runtime).find(
            call.target.scheme,
            member.host,
            member.port,
            call.outgoing,
            owner=alias,
            **({"max_conns": alias.max_conns} if alias is not None else {}),
        )
        auth = call.auth or ((member.user, member.password) if member.user else None)
        token = ""
        if isinstance(auth, str):
            token = auth if " " in auth else f"Bearer {auth}"
        answer = await pool.send(self._request(member, token), stream=call.stream)
        if answer.status_code == 401 and isinstance(auth, tuple) and call.repeatable:
            url = f"{call.target.scheme}://{member.authority}{quote_unsafe(call.target.path)}"
            login = transports.Login(*auth).answer(call.method, url, answer.header("www-authenticate"))
            if login is not None:
                if answer.stream is not None:
                    answer.stream.close()
                answer = await pool.send(self._request(member, login), stream=call.stream)
        result = self._result(answer)
        result.node = (member.host, member.port)
        return result

    def _result(self, answer: Answer) -> Result:
        call, body = self.call, answer.stream
        if not payload.acceptable(call.accept, answer.header("content-type")):
            if body is not None:
                body.close()
            return Failure(STA_NETERR, 718, "Unacceptable Content Type")
        if body is None:
            return HTTPResult(answer, answer.content)
        return HTTPResult(
            answer, ByteStream(self.runtime, body.pieces(raw=call.raw), body.close, call.seconds)
        )


def quote_unsafe(target: str) -> str:
    """A request target in which everything that may not stand there is escaped; escapes stay as they are."""
    return _UNSAFE.sub(lambda found: quote(found[0], safe=""), target)


def error_of(result: Result) -> BaseException | None:
    """The exception that a failure stands for."""
    return result.error.__cause__ if result.error is not None else None


# -- in the app's threads ------------------------------------------------------------------------------------


def transaction_headers(was: Was, target: Target) -> dict[str, str]:
    """What tells the other server which request this call belongs to, or that it is no browser that asks."""
    if target.alias is None:
        return {"X-Requested-With": ENGINE}
    return {"X-Gtxn-Id": was.request.gtxid, "X-Ltxn-Id": was.request.ltxid}


def given_headers(headers: Headers | None) -> dict[str, str]:
    """Headers as an app gives them, a dict or pairs, as a dict."""
    if not headers:
        return {}
    return {str(k): str(v) for k, v in (headers.items() if isinstance(headers, Mapping) else headers)}


def _has(headers: Mapping[str, str], name: str) -> str | None:
    for key, value in headers.items():
        if key.lower() == name:
            return value
    return None


def prepare(
    was: Was,
    method: str,
    target: Target,
    data: Any,
    *,
    headers: Headers | None,
    auth: Credentials,
    options: CallOptions,
    default_type: str,
    default_accept: str,
    stream: bool = False,
) -> Call:
    """A call out of what an app says. TypeError for data that cannot be encoded."""
    sent = given_headers(headers)
    method = method.upper()
    content: payload.Content | None = None
    if data is not None and method in BODYLESS:
        if not isinstance(data, (Mapping, str)):
            raise TypeError(
                f"{method} takes a dict or text, which becomes its query string, not {type(data).__name__}"
            )
        target.path = payload.add_query(target.path, data)
        target.url = payload.add_query(target.url, data)
        if data and default_type == payload.JSON_TYPE and _has(sent, "content-type") is None:
            sent["Content-Type"] = default_type  # as the original does, although nothing is sent
    else:
        asked = _has(sent, "content-type")
        content, entity = payload.encode(was.runtime, data, asked or default_type)
        if entity:
            sent = {name: value for name, value in sent.items() if name.lower() not in ("content-type",)}
            sent.update(entity)
    accept = _has(sent, "accept")
    if accept is None:
        accept = sent["Accept"] = default_accept
    if _has(sent, "user-agent") is None:
        sent["User-Agent"] = USER_AGENT
    if _has(sent, "accept-encoding") is None:
        sent["Accept-Encoding"] = "gzip, deflate"
    if not options.use_cache and _has(sent, "cache-control") is None:
        sent["Cache-Control"] = "no-cache"
    for name, value in transaction_headers(was, target).items():
        if _has(sent, name.lower()) is None:
            sent[name] = value
    return Call(
        method=method,
        target=target,
        headers=sent,
        content=content,
        auth=tuple(auth) if isinstance(auth, Sequence) and not isinstance(auth, str) else auth,  # type: ignore[arg-type]
        seconds=options.seconds(),
        outgoing=outgoing(was.app.config, target.alias.name if target.alias else ""),
        accept=accept if "*/*" not in accept else "",
        stream=stream,
    )


def call(
    was: Was,
    method: str,
    uri: str,
    data: Any = None,
    *,
    auth: Credentials = None,
    headers: Headers | None = None,
    options: CallOptions | None = None,
    default_type: str = payload.JSON_TYPE,
    default_accept: str = payload.JSON_TYPE,
    to_all: bool = False,
    stream: bool = False,
    kind: type[HTTPTask] | None = None,
    name: str = "",
    identity: Any = None,
) -> RemoteTask | Spread:
    """Start a call.

    Args:
        method: HTTP method, or `upload`: POST as `multipart/form-data`.
        uri: `"@alias/path"` or an absolute URL.
        data: body, or query parameters for methods that have no body.
        auth: (user, password) for a server that asks for them; a str is sent at once, as a bearer token where
            it has no scheme of its own.
        headers: over the defaults.
        to_all: ask every server of the alias (`was.get.map`).
        stream: `fetch()` gives the body as it arrives.
        kind: class of the task.
        name: what is called, where that is not the HTTP method.
        identity: stands for the body in the cache.

    Raises AssertionError without a URI, KeyError for an unknown alias, TypeError for an alias of a database.
    """
    options = options or CallOptions()
    if method.upper() == "UPLOAD":
        method, default_type = "POST", payload.MULTIPART_TYPE
    target = find_target(uri, was.app)
    kept_out: Exception | None = ValueError(target.problem) if target.problem else None
    prepared: Call | None = None
    if kept_out is None:
        try:
            prepared = prepare(
                was,
                method,
                target,
                data,
                headers=headers,
                auth=auth,
                options=options,
                default_type=default_type,
                default_accept=default_accept,
                stream=stream,
            )
        except (TypeError, ValueError) as error:
            kept_out = error
    nodes: list[Node | None] = [None]
    if to_all and prepared is not None and target.alias is not None:
        nodes = [*cluster_of(was.runtime, target.alias).nodes]
        if not prepared.repeatable and len(nodes) > 1:
            raise TypeError("a body that is read while it is sent cannot go to several servers: send bytes")
    started = [
        start(
            was,
            _work(was, prepared, target, node, kept_out),
            origin=_origin(method, target, prepared, node, name, identity),
            options=options,
            kind=kind or HTTPTask,
        )
        for node in nodes
    ]
    return Spread(started) if to_all else started[0]


def _work(
    was: Was, prepared: Call | None, target: Target, only: Node | None, problem: Exception | None
) -> Callable[[], Awaitable[Result]]:
    async def work() -> Result:
        if prepared is None:
            result: Result = Failure(STA_REQFAIL, 731, "Request Failed", cause=problem)
        else:
            result = await Sender(was.runtime, prepared, only).run()
        result.url = target.url
        return result

    return work


def _origin(
    method: str, target: Target, prepared: Call | None, only: Node | None, name: str, identity: Any
) -> Origin:
    details: Any = ()
    if prepared is not None:
        # who asks is part of the question: nobody is given what another one's Authorization opened
        headers = sorted(item for item in prepared.headers.items() if item[0] not in _OF_THIS_REQUEST)
        content = identity or (prepared.content if prepared.repeatable else None)
        details = (content, headers, prepared.auth, only.member if only else None)
    return Origin(
        alias=target.name,
        method=name or method.lower(),
        args=(target.alias, target.path, *details),
        writes=method.upper() in WRITES,
        node=target.node,
        cacheable=prepared is not None and prepared.repeatable and not prepared.stream,
    )


class HTTPTask(RemoteTask):
    """A call to an HTTP server."""

    def get_name(self) -> str:
        """Method and URL."""
        return f"{self.origin.method.upper()} {self.origin.alias}{self.origin.args[1]}"

    def _expire(self, seconds: float) -> Result:
        result = timed_out(self, seconds)
        result.node, result.url = self.origin.node, self.origin.args[1]
        return result


def timed_out(task: RemoteTask, seconds: float) -> Failure:
    """The result of a call that got no answer in time: "730 Timeout"."""
    cause = TimeoutError(f"{task}: no answer within {seconds:g} seconds")
    return Failure(STA_TIMEOUT, 730, "Timeout", cause=cause)

"""The test client: HTTP as tests of Atila apps speak it (spec/08 section 1.1).

client.get("/items/3").data                         what the handler answered
client.post("/items", {"name": "a"})                a form
client.axios.post("/items", {"name": "a"})          JSON
client.upload("/files", {"file": open("a.png", "rb")})
client.siesta.items(3).get(q=1).data.name           attributes as path
with client.stub("/items") as stub: stub.put("/{}", 3, {"name": "b"})
client.xmlrpc("/rpc2").add(1, 2), client.jsonrpc("/rpc2").add(1, 2), client.websocket("/chat")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx

from ..errors import AtilaError
from . import recording
from .body import JSON_TYPE, body_of, form, is_file, split_files
from .response import Response
from .siesta import API
from .stub import Stub

if TYPE_CHECKING:
    from .driver import Chrome

TIMEOUT = 60.0
"""Seconds that an answer may take where a test does not say `timeout=`."""

Headers = Mapping[str, str]


def make_session(endpoint: str) -> httpx.Client:
    """What sends requests: without proxies, and without a look at the certificate, which is a test's own."""
    return httpx.Client(base_url=endpoint, trust_env=False, verify=False, timeout=TIMEOUT)  # noqa: S501


class Client:
    """Sends requests to one server and keeps its cookies.

    `get, delete, head, options (url, [params])` and `post, put, patch (url, [data])` take further what
    requests does: `headers, params, data, json, files, auth, cookies, timeout` (seconds), `allow_redirects`,
    `stream`.
    Relative URLs belong to the server; redirects are followed, but for HEAD. They return a Response, whose
    `.data` is the parsed JSON, or else the body's bytes.

    Args:
        endpoint: `http://127.0.0.1:5000`.
        session: what sends; by default what `make_session` gives.
        temp_dir: where `driver.capture` puts its pictures.

    Attributes:
        s: the session, an httpx.Client: `client.s.cookies`, `client.s.headers`.
    """

    def __init__(
        self, endpoint: str, *, session: httpx.Client | None = None, temp_dir: str | None = None
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.temp_dir = temp_dir
        self.s = session or make_session(self.endpoint)
        self._headers: dict[str, str] = {}
        self._parts: dict[str, Any] = {}
        self._explain: Callable[[httpx.TransportError], Exception | None] | None = None

    # -- requests -------------------------------------------------------------------------------------------

    def resolve(self, url: str) -> str:
        """The full URL of a path on this server; one that is full stays."""
        if "://" in url:
            return url
        return f"{self.endpoint}{'' if url.startswith(('/', '?')) or not url else '/'}{url}"

    def set_default_header(self, k: str, v: str) -> None:
        """Send a header with every request from now on."""
        self._headers[k] = v

    def set_jwt(self, token: str | None = None) -> None:
        """Send this bearer token with every request from now on; none: no more."""
        if token is None:
            self._headers.pop("Authorization", None)
        else:
            self._headers["Authorization"] = f"Bearer {token}"

    def request(
        self,
        method: str,
        url: str,
        data: Any = None,
        *,
        headers: Headers | None = None,
        params: Any = None,
        json: Any = None,
        files: Any = None,
        auth: Any = None,
        cookies: Any = None,
        timeout: Any = TIMEOUT,
        allow_redirects: bool | None = None,
        stream: bool = False,
        verify: Any = None,
    ) -> Response:
        """Send a request; the class says what the arguments are.

        Raises httpx.TransportError where there is no answer, RuntimeError with the server's output where the
        server of this client has ended.
        """
        sent = httpx.Headers(self._headers)
        sent.update(headers)
        if json is not None:
            data, files = json, None
            sent.setdefault("Content-Type", JSON_TYPE)
        body, content_type = body_of(data, files, sent.get("content-type", ""))
        if content_type:
            sent.setdefault("Content-Type", content_type)
        elif files:
            sent.pop("Content-Type", None)
        url = self.resolve(url)
        if params:
            query = params if isinstance(params, str) else form(params).decode()
            url = f"{url}{'&' if '?' in url else '?'}{query}"
        request = self.s.build_request(method.upper(), url, headers=sent, timeout=timeout, **body)
        if cookies:
            jar = httpx.Cookies(self.s.cookies)
            jar.update(cookies)
            request.headers.pop("cookie", None)
            jar.set_cookie_header(request)
        follow = method.upper() != "HEAD" if allow_redirects is None else allow_redirects
        response = self._send(request, auth, follow, stream)
        if recording.recorder is not None and not stream:
            recording.recorder.add(response, data, files)
        return response

    def _send(self, request: httpx.Request, auth: Any, follow: bool, stream: bool) -> Response:
        credentials: Any = tuple(auth) if isinstance(auth, list) else auth
        try:
            return Response(
                self.s.send(
                    request,
                    auth=httpx.USE_CLIENT_DEFAULT if credentials is None else credentials,
                    follow_redirects=follow,
                    stream=stream,
                )
            )
        except httpx.TransportError as error:
            explained = self._explain(error) if self._explain is not None else None
            if explained is None:
                raise
            raise explained from error

    def get(self, url: str, params: Any = None, **options: Any) -> Response:
        """GET."""
        return self.request("GET", url, params=params, **options)

    def delete(self, url: str, params: Any = None, **options: Any) -> Response:
        """DELETE."""
        return self.request("DELETE", url, params=params, **options)

    def head(self, url: str, params: Any = None, **options: Any) -> Response:
        """HEAD."""
        return self.request("HEAD", url, params=params, **options)

    def options(self, url: str, params: Any = None, **options: Any) -> Response:
        """OPTIONS."""
        return self.request("OPTIONS", url, params=params, **options)

    def post(self, url: str, data: Any = None, **options: Any) -> Response:
        """POST; a dict is sent as a form."""
        return self.request("POST", url, data, **options)

    def put(self, url: str, data: Any = None, **options: Any) -> Response:
        """PUT; a dict is sent as a form."""
        return self.request("PUT", url, data, **options)

    def patch(self, url: str, data: Any = None, **options: Any) -> Response:
        """PATCH; a dict is sent as a form."""
        return self.request("PATCH", url, data, **options)

    def upload(self, url: str, data: Mapping[str, Any], **options: Any) -> Response:
        """POST as multipart/form-data: what can be read is sent as a file, lists of files as several."""
        fields, files = split_files(data)
        if not files:
            files = [(name, (None, str(value))) for name, value in fields.items()]
            fields = {}
        return self.request("POST", url, fields, files=files, **options)

    # -- other ways to speak --------------------------------------------------------------------------------

    def _part(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._parts:
            self._parts[name] = make()
        return self._parts[name]

    @property
    def cookies(self) -> httpx.Cookies:
        """The cookies of this client."""
        return self.s.cookies

    @property
    def http(self) -> Self:
        """This client."""
        return self

    @property
    def axios(self) -> Client:
        """A client with the same cookies that sends and asks for JSON."""

        def make() -> Client:
            made = _JSONClient(self.endpoint, session=self.s, temp_dir=self.temp_dir)
            made._headers, made._explain = self._headers, self._explain
            return made

        return self._part("axios", make)  # type: ignore[no-any-return]

    @property
    def http2(self) -> Client:
        """A client that speaks HTTP/2, without TLS by prior knowledge.

        Raises MissingExtra without the package h2.
        """
        from .http2 import make_session

        def make() -> Client:
            return Client(self.endpoint, session=make_session(self.s), temp_dir=self.temp_dir)

        return self._part("http2", make)  # type: ignore[no-any-return]

    @property
    def http3(self) -> Client:
        """HTTP/3, which neither this client nor the server speaks; raises AtilaError."""
        raise AtilaError("HTTP/3 is not spoken here: let a proxy in front speak it, and test with http2")

    @property
    def siesta(self) -> API:
        """Attributes as path: `client.siesta.items(3).get(q=1)`."""
        return API(self.endpoint, self.request)

    def api(self, point: str | None = None) -> API:
        """As `siesta`, below the path, or full URL, `point`."""
        return API(self.resolve(point or ""), self.request)

    def stub(self, baseurl: str = "", headers: Headers | None = None, auth: Any = None) -> Stub:
        """Calls under a common path with JSON bodies; see Stub."""
        return Stub(self.request, baseurl, headers, auth)

    def xmlrpc(self, url: str, proxy_class: Any = None) -> Any:
        """An XML-RPC proxy: `client.xmlrpc("/rpc2").add(1, 2)`; raises xmlrpc.client.Fault."""
        from .rpc import xmlrpc_proxy

        return xmlrpc_proxy(self, url, proxy_class)

    rpc = xmlrpc

    def jsonrpc(self, url: str, proxy_class: Any = None) -> Any:
        """A JSON-RPC proxy: `client.jsonrpc("/rpc2").add(1, 2)`; raises RPCError."""
        from .rpc import jsonrpc_proxy

        return jsonrpc_proxy(self, url, proxy_class)

    def grpc(self, port: int | None = None) -> Any:
        """A gRPC channel to the server, for generated stubs: `RouteGuideStub(client.grpc())`.

        Args:
            port: where gRPC is served; by default the server's own port.

        Raises MissingExtra without the extra `grpc`.
        """
        from .rpc import grpc_channel

        return grpc_channel(self.endpoint, port)

    def websocket(self, uri: str, **options: Any) -> Any:
        """A connection of websocket-client: `ws.send("hi"); ws.recv(); ws.close()`.

        Raises MissingExtra without that package, websocket.WebSocketException where the server refuses.
        """
        from .websocket import connect

        url = urlsplit(self.resolve(uri))
        return connect(url, self._headers, self.s.cookies, **options)

    @property
    def driver(self) -> Chrome:
        """A Chromium without a window: `navigate(path)`, `one("#id")`, `capture("page.png")`.

        Raises MissingExtra without selenium, AtilaError without Chromium.
        """
        from .driver import Chrome

        return self._part("driver", lambda: Chrome(self.endpoint, self.temp_dir))  # type: ignore[no-any-return]

    def sync(self) -> None:
        """Hand this client's cookies to the driver."""
        self.driver.take_cookies(self.s.cookies)

    def clone(self) -> Client:
        """A client with the same session."""
        made = Client(self.endpoint, session=self.s, temp_dir=self.temp_dir)
        made._headers, made._explain = self._headers, self._explain
        return made

    def new(self) -> Client:
        """A client of the same server without cookies and headers of this one."""
        return Client(self.endpoint, temp_dir=self.temp_dir)

    # -- the end --------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close all connections."""
        for part in self._parts.values():
            part.close()
        self._parts.clear()
        self.s.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _JSONClient(Client):
    """`client.axios`."""

    def request(self, method: str, url: str, data: Any = None, **options: Any) -> Response:
        """Send a request whose body is JSON."""
        headers = httpx.Headers({"Accept": JSON_TYPE})
        headers.update(self._headers)
        headers.update(options.pop("headers", None))
        if not options.get("files"):
            headers.setdefault("Content-Type", JSON_TYPE)
        return super().request(method, url, data, headers=headers, **options)


__all__ = ["Client", "Response", "is_file"]

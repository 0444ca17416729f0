"""Plays exchanges against a running server: HTTP, raw bytes, WebSocket, client programs of the case's own."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from ...errors import AtilaError, MissingExtra
from .case import Answer, Case, Exchange
from .compare import differences

BOUNDARY = "------------------------d74496d66958873e"
HTTP_SECONDS = 20
RAW_SECONDS = 10
WEBSOCKET_SECONDS = 5
SCRIPT_SECONDS = 60


class NoAnswer(AtilaError):
    """An exchange could not be played to its end."""


@dataclass
class Outcome:
    """How one exchange went.

    Attributes:
        want: the recorded answer; None where there is none.
        got: the server's; None where it could not be played.
        differs: what differs, a line each; empty where the answer is the recorded one.
    """

    exchange: Exchange
    want: Answer | None
    got: Answer | None
    differs: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The exchange's."""
        return str(self.exchange["id"])


def play_case(
    case: Case, url: str, folder: Path | None = None, masks: Iterable[str] = ()
) -> Iterator[Outcome]:
    """Play the exchanges of a case in order on the server at `url`; gives each outcome as it comes.

    Args:
        folder: where `script` exchanges find their programs, the case's own by default.
        masks: patterns that are blanked in every answer, beside the exchanges' own.

    Raises NoCase where the case has no answers.
    """
    expected = case.expected()
    player = Player(url, folder or case.folder)
    more = list(masks)
    for exchange in case.exchanges:
        if more:
            exchange = {**exchange, "mask": [*exchange.get("mask", ()), *more]}
        want = expected.get(exchange["id"])
        try:
            got = player.play(exchange)
        except NoAnswer as error:
            yield Outcome(exchange, want, None, [str(error)])
            continue
        if want is None:
            yield Outcome(exchange, None, got, ["no answer is recorded"])
        else:
            yield Outcome(exchange, want, got, differences(exchange, want, got))


class Player:
    """Sends exchanges to a server, keeping cookie jars and saved values between them.

    Args:
        url: where the server answers, `http://127.0.0.1:5000`; a path in it goes before every exchange's.
        folder: the case's folder, where `script` exchanges find their programs.

    Raises ValueError for a URL that is not http or https, or has no host.
    """

    def __init__(self, url: str, folder: Path) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a server: write it as http://HOST:PORT")
        self.secure = parts.scheme == "https"
        self.host, self.port = parts.hostname, parts.port or (443 if self.secure else 80)
        self.base = parts.path.rstrip("/")
        self.folder = folder
        self.jars: dict[str, dict[str, str]] = {}
        self.saved: dict[str, str] = {}

    def fill(self, value: Any) -> Any:
        """`value` with each `{{name}}` in it replaced by what an earlier exchange saved under that name."""
        if isinstance(value, str):
            return re.sub(r"\{\{(\w+)\}\}", lambda found: self.saved.get(found[1], found[0]), value)
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        return value

    def play(self, exchange: Exchange) -> Answer:
        """The answer to one exchange; status 0 where there was none over HTTP.

        Raises NoAnswer where a conversation of another kind could not be had.
        """
        time.sleep(exchange.get("pause", 0))
        began = time.monotonic()
        try:
            answer = self._answer(exchange)
        except (OSError, subprocess.SubprocessError) as error:
            raise NoAnswer(f"no answer: {error!r}") from error
        answer["elapsed"] = round(time.monotonic() - began, 3)
        lines = [answer.get("text", ""), *(f"{name}: {value}" for name, value in answer.get("headers", []))]
        for name, pattern in exchange.get("save", {}).items():
            if found := re.search(pattern, "\n".join(lines)):
                self.saved[name] = found[1]
        return answer

    def _answer(self, exchange: Exchange) -> Answer:
        if "websocket" in exchange:
            return self.websocket(self.fill(exchange["websocket"]), exchange.get("jar"))
        if "raw" in exchange:
            return self.raw(self.fill(exchange["raw"]))
        if "script" in exchange:
            return self.script(exchange["script"])
        return self.http(self.fill(exchange["request"]), exchange.get("jar"))

    def _send_jar(self, jar: str | None, headers: dict[str, str]) -> dict[str, str]:
        """Add the jar's cookies to the request's own, over which they win; gives the jar."""
        cookies = self.jars.setdefault(jar, {}) if jar else {}
        if cookies:
            name = next((name for name in headers if name.lower() == "cookie"), "Cookie")
            pairs = (pair.strip().partition("=") for pair in headers.pop(name, "").split(";") if pair.strip())
            sent = {key: value for key, _, value in pairs} | cookies
            headers["Cookie"] = "; ".join(f"{key}={value}" for key, value in sent.items())
        return cookies

    def http(self, request: Mapping[str, Any], jar: str | None = None) -> Answer:
        """One HTTP request on a connection of its own."""
        body, headers = request_body(request)
        cookies = self._send_jar(jar, headers)
        timeout = request.get("timeout", HTTP_SECONDS)
        connect = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
        connection = connect(self.host, self.port, timeout=timeout)
        try:
            connection.request(request.get("method", "GET"), self.base + request["path"], body, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            return {"status": 0, "text": type(error).__name__, "headers": []}
        finally:
            connection.close()
        for name, value in response.getheaders():
            if jar and name.lower() == "set-cookie":
                update_jar(cookies, value)
        return {
            "status": response.status,
            "reason": response.reason,
            "headers": response.getheaders(),
        } | as_text(content)

    def raw(self, text: str) -> Answer:
        """Bytes written on a socket, as latin-1; the answer is read to the end of the connection."""
        chunks = []
        with socket.create_connection((self.host, self.port), RAW_SECONDS) as plain:
            sock = plain
            if self.secure:
                sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
            sock.sendall(text.encode("latin1"))
            if not self.secure:
                sock.shutdown(socket.SHUT_WR)
            try:
                while chunk := sock.recv(65536):
                    chunks.append(chunk)
            except OSError:
                pass
        head, _, body = b"".join(chunks).partition(b"\r\n\r\n")
        lines = head.decode("latin1").split("\r\n")
        status = int(lines[0].split(" ")[1]) if lines[0].startswith("HTTP/") else 0
        headers = [tuple(line.split(": ", 1)) for line in lines[1:] if ": " in line]
        return {"status": status, "headers": headers, **as_text(body)}

    def websocket(self, spec: Mapping[str, Any], jar: str | None = None) -> Answer:
        """A WebSocket conversation; `frames` are the messages received, an error that ended it comes last."""
        try:
            import websocket
        except ImportError as error:
            raise MissingExtra("playing WebSocket conversations", "migrate") from error
        frames: list[Any] = []
        headers = dict(spec.get("headers", {}))
        self._send_jar(jar, headers)
        timeout = spec.get("timeout", WEBSOCKET_SECONDS)
        scheme = "wss" if self.secure else "ws"
        try:
            ws = websocket.create_connection(
                f"{scheme}://{self.host}:{self.port}{self.base}{spec['path']}",
                timeout=timeout,
                origin=next((headers.pop(name) for name in list(headers) if name.lower() == "origin"), None),
                header=[f"{name}: {value}" for name, value in headers.items()],
            )
        except websocket.WebSocketBadStatusException as error:
            return {"status": error.status_code, "frames": frames}
        except websocket.WebSocketException as error:
            raise NoAnswer(f"no answer: {error!r}") from error
        try:
            for step in spec["steps"]:
                if "send" in step:
                    ws.send(step["send"])
                elif "send_b64" in step:
                    ws.send_binary(base64.b64decode(step["send_b64"]))
                elif "receive" in step:
                    for _ in range(step["receive"]):
                        data = ws.recv()
                        if isinstance(data, bytes):
                            frames.append({"b64": base64.b64encode(data).decode()})
                        else:
                            frames.append(data)
                elif "sleep" in step:
                    time.sleep(step["sleep"])
        except (OSError, websocket.WebSocketException) as error:
            frames.append({"error": type(error).__name__})
        finally:
            ws.close()
            # close() leaves the socket open where the other side has closed
            ws.shutdown()  # type: ignore[no-untyped-call]
        return {"status": 101, "frames": frames}

    def script(self, path: str) -> Answer:
        """A client program of the case's own (gRPC, say), given HOST:PORT; what it prints is the answer."""
        done = subprocess.run(  # noqa: S603 - a program that stands in the case
            [sys.executable, path, f"{self.host}:{self.port}"],
            stdout=subprocess.PIPE,
            timeout=SCRIPT_SECONDS,
            cwd=self.folder,
            check=False,
        )
        return {"status": done.returncode, "text": done.stdout.decode()}


def request_body(request: Mapping[str, Any]) -> tuple[bytes | None, dict[str, str]]:
    """Body and headers of a `request`: its one of `text`, `b64`, `json`, `form` and `multipart`."""
    headers = dict(request.get("headers", {}))
    if "text" in request:
        return request["text"].encode("utf8"), headers
    if "b64" in request:
        return base64.b64decode(request["b64"]), headers
    if "json" in request:
        headers.setdefault("Content-Type", "application/json")
        return json.dumps(request["json"]).encode(), headers
    if "form" in request:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return urlencode(request["form"], doseq=True).encode(), headers
    if "multipart" in request:
        headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
        return multipart(request["multipart"]), headers
    return None, headers


def multipart(parts: list[Mapping[str, str]]) -> bytes:
    """A multipart/form-data body of these parts, in this order."""
    out = []
    for part in parts:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{part["name"]}"'
        if "filename" in part:
            head += f'; filename="{part["filename"]}"'
        if "type" in part:
            head += f"\r\nContent-Type: {part['type']}"
        content = base64.b64decode(part["b64"]) if "b64" in part else part["text"].encode("utf8")
        out.append(head.encode("utf8") + b"\r\n\r\n" + content + b"\r\n")
    return b"".join(out) + f"--{BOUNDARY}--\r\n".encode()


def update_jar(cookies: dict[str, str], header: str) -> None:
    """Take a Set-Cookie header into the jar, or out of it where it expires the cookie."""
    pair, *attributes = (piece.strip() for piece in header.split(";"))
    name, _, value = pair.partition("=")
    if any(_expires(attribute.lower(), attribute) for attribute in attributes):
        cookies.pop(name, None)
    else:
        cookies[name] = value


def _expires(lowered: str, attribute: str) -> bool:
    if lowered.startswith("expires="):
        try:
            return parsedate_to_datetime(attribute[len("expires=") :]).timestamp() <= time.time()
        except (ValueError, TypeError):
            return False
    return lowered == "max-age=0"


def as_text(content: bytes) -> Answer:
    """A body as it is kept in JSON: `text`, or `b64` where it is no UTF-8."""
    try:
        return {"text": content.decode("utf8")}
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(content).decode()}

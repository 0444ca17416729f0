"""Plays exchanges against a running app: HTTP, raw bytes, WebSocket, client programs of the case's own."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import websocket

from ..servers import HOST
from .corpus import Answer, Exchange

BOUNDARY = "------------------------d74496d66958873e"
HTTP_SECONDS = 20
RAW_SECONDS = 10
WEBSOCKET_SECONDS = 5
SCRIPT_SECONDS = 60


class Player:
    """Sends a case's exchanges to the app on `port`, keeping cookie jars and saved values between them.

    Args:
        port: where the app answers, on the loopback interface.
        folder: the case's folder, where `script` exchanges find their programs.
    """

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder
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
        """The answer to one exchange; status 0 where there was none."""
        time.sleep(exchange.get("pause", 0))
        began = time.monotonic()
        if "websocket" in exchange:
            answer = self.websocket(self.fill(exchange["websocket"]))
        elif "raw" in exchange:
            answer = self.raw(self.fill(exchange["raw"]))
        elif "script" in exchange:
            answer = self.script(exchange["script"])
        else:
            answer = self.http(self.fill(exchange["request"]), exchange.get("jar"))
        answer["elapsed"] = round(time.monotonic() - began, 3)
        lines = [answer.get("text", ""), *(f"{name}: {value}" for name, value in answer.get("headers", []))]
        for name, pattern in exchange.get("save", {}).items():
            if found := re.search(pattern, "\n".join(lines)):
                self.saved[name] = found[1]
        return answer

    def http(self, request: Mapping[str, Any], jar: str | None = None) -> Answer:
        """One HTTP request on a connection of its own."""
        body, headers = request_body(request)
        cookies = self.jars.setdefault(jar, {}) if jar else {}
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        timeout = request.get("timeout", HTTP_SECONDS)
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        try:
            connection.request(request.get("method", "GET"), request["path"], body, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            return {"status": 0, "text": type(error).__name__, "headers": []}
        finally:
            connection.close()
        if jar:
            for name, value in response.getheaders():
                if name.lower() == "set-cookie":
                    update_jar(cookies, value)
        return {
            "status": response.status,
            "reason": response.reason,
            "headers": response.getheaders(),
        } | as_text(content)

    def raw(self, text: str) -> Answer:
        """Bytes written on a socket, as latin-1; the answer is read to the end of the connection."""
        chunks = []
        with socket.create_connection((HOST, self.port), RAW_SECONDS) as sock:
            sock.sendall(text.encode("latin1"))
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

    def websocket(self, spec: Mapping[str, Any]) -> Answer:
        """A WebSocket conversation; `frames` are the messages received, an error that ended it comes last."""
        frames: list[Any] = []
        headers = [f"{name}: {value}" for name, value in spec.get("headers", {}).items()]
        timeout = spec.get("timeout", WEBSOCKET_SECONDS)
        try:
            ws = websocket.create_connection(
                f"ws://{HOST}:{self.port}{spec['path']}", timeout=timeout, header=headers
            )
        except websocket.WebSocketBadStatusException as error:
            return {"status": error.status_code, "frames": frames}
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
        return {"status": 101, "frames": frames}

    def script(self, path: str) -> Answer:
        """A client program of the case's own (gRPC, say), given HOST:PORT; what it prints is the answer."""
        done = subprocess.run(
            [sys.executable, path, f"{HOST}:{self.port}"],
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

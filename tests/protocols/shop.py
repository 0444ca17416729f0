"""The app of the gRPC tests, and its ways in: its own port and the gRPC port, in clear and with TLS."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

from ..launch import Launched, Serve
from ..servers import HOST, free_port
from .shop_pb2 import METHODS, Item, Nothing

SECONDS = 15.0
FILES = {"shop_pb2.py": (Path(__file__).parent / "shop_pb2.py").read_text()}
SOURCE = """
    import time
    import skitai
    from atila import Atila
    import shop_pb2
    from shop_pb2 import Item

    app = Atila(__name__)
    app.securekey = "a secret of some length, for sessions"
    app.seen = []

    @app.before_request
    def before(was):
        app.seen.append("before " + was.env["PATH_INFO"])
        if was.request.get_header("x-stop") == "return":
            return was.response("429 Too Many Requests", "later")
        if was.request.get_header("x-stop") == "raise":
            raise was.Error("503 Service Unavailable", "closed")

    @app.teardown_request
    def teardown(was):
        app.seen.append("teardown")

    def special(was, item):
        request = was.request
        if item.name == "metadata":
            was.response.set_header("X-Answer", "42")
            was.session.set("a", 1)
            return Item(name="%s %s" % (request.get_header("x-colour"), request.get_header("x-raw-bin")))
        if item.name == "about":
            return Item(name="%s %s %s" % (request.method, request.uri, request.get_remote_addr()))
        if item.name == "error":
            raise was.Error("%d Whatever" % item.count, "because, é 100%")
        if item.name == "crash":
            raise ValueError("boom")
        if item.name == "returned":
            return was.response("409 Conflict", "there already")
        if item.name == "status":
            return was.response("410 Gone")
        if item.name == "text":
            return "text"
        if item.name == "none":
            return None
        if item.name == "sleep":
            time.sleep(item.count / 10)
        if item.name == "task":
            return was.Thread(lambda: Item(name="task")).then(lambda was, task: task.fetch())
        if item.name == "large":
            return Item(data=b"x" * item.count)
        return Item(name=item.name, count=item.count, data=item.data)

    @app.route("/Get")
    def Get(was, item):
        return special(was, item)

    @app.route("/Ping")
    def Ping(was, nothing):
        assert isinstance(nothing, shop_pb2.Nothing)
        return None

    @app.route("/List")
    def List(was, item):
        if item.name == "list":
            return [Item(count=n) for n in range(item.count)]
        if item.name == "crash at once":
            raise was.Error("404 Not Found", "no list")
        def produce():
            try:
                for n in range(item.count):
                    if item.name == "slowly":
                        time.sleep(0.05)
                    if item.name == "crash" and n == 3:
                        raise ValueError("boom")
                    if item.name == "error" and n == 3:
                        raise was.Error("404 Not Found", "no more")
                    app.produced = n
                    yield Item(count=n, data=b"x" * (10000 if item.name == "large" else 0))
            finally:
                app.seen.append("list closed")
        return produce()

    @app.route("/Sum", coroutine=True, input_stream=True)
    def Sum(was):
        total, names = 0, []
        try:
            while 1:
                item = yield was.Input()
                if not item:
                    break
                if item.name == "enough":
                    return Item(name="enough", count=total)
                if item.name == "error":
                    raise was.Error("400 Bad Request", "no such item")
                total += item.count
                names.append(item.name)
        finally:
            app.seen.append("sum closed")
        return Item(name=",".join(names)[:1000], count=total)

    @app.route("/Collect")
    def Collect(was, items):
        return Item(name=type(items).__name__, count=sum(item.count for item in items))

    @app.route("/Talk", coroutine=True, input_stream=True)
    def Talk(was):
        try:
            while item := (yield was.Input()):
                if item.name == "task":
                    task = yield was.Thread(str.upper, args=("from a task",))
                    yield Item(name=task.fetch())
                elif item.name == "return":
                    yield Item(name="last but one")
                    return Item(name="last")
                elif item.name == "crash":
                    yield Item(name="before")
                    raise ValueError("boom")
                else:
                    for n in range(item.count):
                        yield Item(name=item.name, count=n)
        finally:
            app.seen.append("talk closed")

    @app.route("/")
    def index(was):
        seen, app.seen = app.seen, []
        return was.API(seen=seen, produced=getattr(app, "produced", None))

    if __name__ == "__main__":
        with skitai.preference() as pref:
            pref.config.MAX_GRPC_MESSAGE = 8 * 1024 * 1024
            pref.config.MAX_UPLOAD_SIZE = 16 * 1024 * 1024
            skitai.mount("/shop.v1.Shop", app, pref)
        skitai.add_option("", "--grpc=PORT", "gRPC port", 0)
        skitai.add_option("", "--cert=PATH", "certificate", "")
        skitai.add_option("", "--key=PATH", "key", "")
        given = skitai.options
        if given.get("--cert"):
            skitai.enable_ssl(given.get("--cert"), given.get("--key"))
        skitai.run(port=5000, grpc_port=int(given.get("--grpc") or 0) or None)
"""


class Shop:
    """A service and a channel to it.

    Attributes:
        app: the process.
        target: HOST:PORT of the gRPC side.
        channel: to it.
    """

    def __init__(self, app: Launched, target: str, certificate: bytes | None) -> None:
        self.app = app
        self.target = target
        self.certificate = certificate
        self.channel = self.connect()

    def connect(self, *options: tuple[str, Any], **more: Any) -> Any:
        """Another channel."""
        if self.certificate is None:
            return grpc.insecure_channel(self.target, options, **more)
        credentials = grpc.ssl_channel_credentials(self.certificate)
        return grpc.secure_channel(self.target, credentials, options, **more)

    def method(self, name: str, channel: Any = None) -> Any:
        """The callable of a method."""
        streams_in, streams_out = METHODS[name]
        kind = f"{'stream' if streams_in else 'unary'}_{'stream' if streams_out else 'unary'}"
        kind_of_message = Nothing if name == "Ping" else Item
        return getattr(channel or self.channel, kind)(
            f"/shop.v1.Shop/{name}",
            request_serializer=kind_of_message.SerializeToString,
            response_deserializer=kind_of_message.FromString,
        )

    def call(self, name: str, request: Any, **options: Any) -> Any:
        """What a method answers."""
        return self.method(name)(request, timeout=SECONDS, **options)

    def close(self) -> None:
        """Close the channel."""
        self.channel.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
        *("-keyout", str(key), "-out", str(cert)),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@contextmanager
def open_shop(folder: Path, way: str, workers: int = 1) -> Iterator[Shop]:
    """A running shop.

    Args:
        way: "http2" for its own port, "grpc_port" for the other; with " tls" behind for TLS.
        workers: all of them are waited for.
    """
    factory = Serve(folder)
    kind, _, tls = way.partition(" ")
    port = free_port()
    arguments = []
    trusted = None
    if kind == "grpc_port":
        arguments.append(f"--grpc={port}")
    if tls:
        cert, key = certificate(folder)
        arguments += [f"--cert={cert}", f"--key={key}"]
        trusted = cert.read_bytes()
    app = factory(SOURCE, *arguments, files=FILES, workers=workers)
    while kind == "grpc_port" and app.log().count("gRPC served on") < workers:
        assert app.process.poll() is None, app.log()
        time.sleep(0.02)
    shop = Shop(app, f"{HOST}:{port if kind == 'grpc_port' else app.port}", trusted)
    try:
        yield shop
    finally:
        shop.close()
        factory.close()

"""A service behind nginx, behind TLS, and in front of other servers."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import websocket

from ..launch import ROOT, Launched, Serve
from ..programs import needs_nginx
from ..servers import HOST, free_port, listening
from .front import certificate, nginx
from .traffic import wait_for

TELLING = """
    import skitai
    from atila import Atila

    app = Atila (__name__)

    @app.route ("/tell")
    def tell (was, **args):
        return was.API (
            addr = was.request.get_remote_addr (), scheme = was.request.scheme,
            host = was.request.get_header ("host"),
            url = was.urlfor ("tell"), uri = was.request.uri, real = was.env ["REMOTE_ADDR"]
        )

    @app.route ("/upload", methods = ["POST"])
    def upload (was, **form):
        return was.API (size = len (was.request.body or b""), gtxid = was.request.gtxid)

    @app.route ("/slow")
    def slow (was):
        import time
        def parts ():
            for number in range (3):
                yield "part %d\\n" % number
                time.sleep (0.2)
        return was.response ("200 OK", parts (), headers = [("Content-Type", "text/plain")])

    @app.route ("/echo")
    @app.websocket (skitai.WS_THREAD, 60)
    def echo (was, message):
        return "echo " + message

    if __name__ == "__main__":
        skitai.mount ("/files", "files")
        skitai.mount ("/", app)
        skitai.run (name = "front-test", **CONF)
"""
FILES = {"files/a.txt": "a file"}


def telling(**conf: object) -> str:
    """The launch script with these keywords of `skitai.run`."""
    return TELLING.replace("**CONF", f"**{conf!r}")


def _nginx_conf(app: Launched) -> str:
    """What `--nginx-conf` writes for this service."""
    made = subprocess.run(
        [
            sys.executable,
            "-m",
            "atila_compat",
            "run",
            "serve.py",
            "--nginx-conf=www.example.com",
            f"--port={app.port}",
        ],
        cwd=app.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return made.stdout.replace("listen 80;", "listen LISTEN;")


FRONT = """
    import skitai

    if __name__ == "__main__":
        skitai.alias ("@service", skitai.PROTO_HTTP, "127.0.0.1:PORT")
        skitai.mount ("POINT", "@service")
        skitai.run (trusted_proxies = "127.0.0.1")
"""


def test_behind_a_proxy_of_our_own(serve: Serve) -> None:
    """The client's address and the path that the proxy takes off reach the service, as behind nginx."""
    app = serve(telling(trusted_proxies="127.0.0.1", root_path="/shop"), files=FILES)
    front = serve(FRONT.replace("PORT", str(app.port)).replace("POINT", "/shop"))
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    told = front.client.get("/shop/tell", headers=headers).json()
    assert (told["addr"], told["scheme"], told["url"]) == ("203.0.113.9", "https", "/shop/tell")
    assert front.client.get("/shop/files/a.txt").text == "a file"
    assert front.client.post("/shop/upload", content=b"x" * 3_000_000).json()["size"] == 3_000_000


@needs_nginx
def test_behind_nginx(serve: Serve) -> None:
    """With what --nginx-conf writes: files, uploads, streams, WebSockets, the client's address."""
    app = serve(telling(trusted_proxies="127.0.0.1"), files=FILES)
    with nginx(_nginx_conf(app)) as url, httpx.Client(base_url=url, trust_env=False) as client:
        told = client.get(
            "/tell", headers={"Host": "www.example.com", "X-Forwarded-For": "203.0.113.9"}
        ).json()
        assert (told["addr"], told["scheme"], told["host"]) == ("203.0.113.9", "http", "www.example.com")
        assert client.get("/files/a.txt").text == "a file"
        assert client.get("/files/missing.txt").status_code == 404
        assert client.post("/upload", content=b"x" * 3_000_000).json()["size"] == 3_000_000
        with client.stream("GET", "/slow") as response:
            pieces = [piece for piece in response.iter_bytes() if piece]
        assert b"".join(pieces) == b"part 0\npart 1\npart 2\n"
        assert len(pieces) > 1
        socket = websocket.create_connection(url.replace("http", "ws") + "/echo", timeout=10)
        socket.send("hi")
        assert socket.recv() == "echo hi"
        socket.close()
    # nginx has sent the file itself
    assert "GET /files/a.txt" not in app.log()
    assert "GET /files/missing.txt" in app.log()


@needs_nginx
def test_below_a_path_of_nginx(serve: Serve) -> None:
    """With `root_path` URLs have the path that nginx takes off."""
    app = serve(telling(root_path="/shop", trusted_proxies="127.0.0.1"), files=FILES)
    conf = f"""
    server {{
        listen LISTEN;
        location /shop/ {{
            proxy_pass http://127.0.0.1:{app.port}/;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto https;
        }}
    }}
    """
    with nginx(conf) as url:
        told = httpx.get(f"{url}/shop/tell", trust_env=False).json()
        assert (told["url"], told["scheme"]) == ("/shop/tell", "https")
        assert httpx.get(f"{url}/shop/files/a.txt", trust_env=False).text == "a file"
        assert httpx.get(f"{url}/shop/files", trust_env=False).headers["location"].endswith("/shop/files/")


def test_nobody_else_is_believed(serve: Serve) -> None:
    """Without trusted proxies, or from somebody else, X-Forwarded-* changes nothing."""
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    for conf in ({}, {"trusted_proxies": "10.0.0.0/8"}):
        told = serve(telling(**conf), files=FILES).client.get("/tell", headers=forged).json()
        assert (told["addr"], told["scheme"]) == ("127.0.0.1", "http")


def test_tls_and_forwarding(serve: Serve, tmp_path: Path) -> None:
    """enable_ssl serves HTTPS and WSS; enable_forward sends plain HTTP there, path and query kept."""
    certfile, keyfile = certificate(tmp_path)
    plain = free_port()
    source = telling().replace(
        'skitai.mount ("/", app)',
        f'skitai.mount ("/", app); skitai.enable_ssl ({certfile!r}, {keyfile!r}); '
        f"skitai.enable_forward ({plain}, PORT)",
    )
    port = free_port()
    command = (sys.executable, "-m", "atila_compat", "run", "serve.py", "--port={port}")
    app = serve(source.replace("PORT", "8443"), files=FILES, command=command)
    del port
    context = ssl.create_default_context(cafile=certfile)
    secure = httpx.get(f"https://{HOST}:{app.port}/tell", verify=context, trust_env=False)
    assert secure.json()["scheme"] == "https"
    sent = httpx.get(f"http://{HOST}:{plain}/tell?a=1", trust_env=False)
    assert (sent.status_code, sent.headers["location"]) == (301, f"https://{HOST}:8443/tell?a=1")
    socket = websocket.create_connection(
        f"wss://{HOST}:{app.port}/echo", sslopt={"ca_certs": certfile}, timeout=10
    )
    socket.send("hi")
    assert socket.recv() == "echo hi"
    socket.close()
    assert app.stop() == 0
    assert not listening(plain)


def test_a_mounted_alias(serve: Serve) -> None:
    """Requests below a mounted alias reach its servers with all they have; answers come as they are."""
    one, two = (serve(telling(), files=FILES) for _ in range(2))
    app = serve(
        f"""
        import skitai
        from atila import Atila

        app = Atila (__name__)

        @app.route ("/")
        def index (was):
            return "mine"

        if __name__ == "__main__":
            skitai.alias ("@api", skitai.PROTO_HTTP, ["127.0.0.1:{one.port}", "127.0.0.1:{two.port}"])
            skitai.alias ("@gone", skitai.PROTO_HTTP, "127.0.0.1:{free_port()}")
            skitai.mount ("/", app)
            skitai.mount ("/x", "@api")
            skitai.mount ("/files", "@api/files")
            skitai.mount ("/gone", "@gone")
            skitai.run ()
        """
    )
    client = app.client
    assert client.get("/").text == "mine"
    told = client.get("/x/tell?a=%2Fb&c=").json()
    assert told["uri"] == "/tell?a=%2Fb&c="
    assert client.get("/files/a.txt").text == "a file"
    answer = client.post("/x/upload", content=b"y" * 2_000_000, headers={"X-Gtxn-Id": "g1"})
    assert answer.json() == {"size": 2_000_000, "gtxid": "g1"}

    def chunks() -> object:
        for _ in range(20):
            yield b"z" * 10_000

    assert client.post("/x/upload", content=chunks()).json()["size"] == 200_000  # type: ignore[arg-type]
    with client.stream("GET", "/x/slow") as response:
        assert b"".join(response.iter_bytes()) == b"part 0\npart 1\npart 2\n"
    assert client.get("/x/nowhere").status_code == 404
    assert client.get("/x/%2e%2e/secret").status_code == 404
    assert client.get("/gone/a").status_code == 502
    assert client.head("/x/tell").status_code == 405  # as the server itself answers
    # the id of a request is the same in all logs
    made = client.post("/x/upload", content=b"").json()["gtxid"]
    wait_for(lambda: re.search(rf"POST /x/upload .*{made}", app.log()), "it is logged")
    wait_for(lambda: all("GET " in server.log() for server in (one, two)), "they take turns")
    one.kill()
    assert [client.get("/x/tell").status_code for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("path", ["/x", "/x?a=1"])
def test_the_point_of_an_alias_without_its_slash(serve: Serve, path: str) -> None:
    """It is redirected, as for apps."""
    app = serve(
        """
        import skitai

        if __name__ == "__main__":
            skitai.alias ("@api", skitai.PROTO_HTTP, "127.0.0.1:9")
            skitai.mount ("/x", "@api")
            skitai.run ()
        """
    )
    assert app.client.get(path).status_code == 308


@pytest.mark.parametrize(
    ("conf", "scheme", "host"),
    [("", "http", "asked.example"), ('trusted_proxies = "127.0.0.1"', "https", "front.example")],
    ids=["a client", "a trusted proxy"],
)
def test_what_the_servers_of_an_alias_are_told(serve: Serve, conf: str, scheme: str, host: str) -> None:
    """They believe this server, so it tells them no scheme and host that a client has made up."""
    behind = serve(
        """
        import skitai
        from atila import Atila

        app = Atila (__name__)

        @app.route ("/tell")
        def tell (was):
            told = was.request.get_header
            return was.API (proto = told ("x-forwarded-proto"), host = told ("x-forwarded-host"))

        if __name__ == "__main__":
            skitai.mount ("/", app)
            skitai.run ()
        """
    )
    app = serve(
        f"""
        import skitai

        if __name__ == "__main__":
            skitai.alias ("@api", skitai.PROTO_HTTP, "127.0.0.1:{behind.port}")
            skitai.mount ("/x", "@api")
            skitai.run ({conf})
        """
    )
    headers = {
        "Host": "asked.example",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "front.example",
    }
    assert app.client.get("/x/tell", headers=headers).json() == {"proto": scheme, "host": host}

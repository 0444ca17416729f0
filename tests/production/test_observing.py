"""What operators see: access log, log files, the status page."""

from __future__ import annotations

import json
import re
import time

import httpx

from ..launch import ROOT, Serve
from .traffic import connected, service, wait_for

COLUMNS = re.compile(
    r'\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d 127\.0\.0\.1 POST /upload\?a=1 1\.1 5 200 \d+ W\d \d+ "an agent" - '
    r'"http://a/b" 9\.8\.7\.6 g-1 l-1 - - \d \d\n'
)
HEADERS = {
    "User-Agent": "an agent",
    "Referer": "http://a/b",
    "X-Forwarded-For": "9.8.7.6",
    "X-Gtxn-Id": "g-1",
    "X-Ltxn-Id": "l-1",
    "Content-Type": "text/plain",
}


def test_the_access_log(serve: Serve) -> None:
    """It has the original's columns, which nothing breaks out of; log_off leaves paths out."""
    source = service().replace(
        'skitai.mount ("/", app)', 'skitai.mount ("/", app); skitai.log_off ("*.css", "/pi*")'
    )
    app = serve(source)
    app.client.post("/upload?a=1", content=b"12345", headers=HEADERS)
    wait_for(lambda: COLUMNS.search(app.log()), app.log())
    with connected(
        app.port,
        b'GET /bad HTTP/1.1\r\nHost: a\r\nUser-Agent: x" - "y\xff\x85\tz\r\nConnection: close\r\n\r\n',
    ) as c:
        assert c.recv(100)
    app.client.get("/pid")
    app.client.get("/a.css")
    wait_for(lambda: "GET /bad 1.1 0 404" in app.log(), "it is there")
    assert '"x\\x22 - \\x22y' in app.log()
    assert "GET /pid" not in app.log()
    assert "a.css" not in app.log()


def test_the_access_log_as_json(serve: Serve) -> None:
    """One object a line, with the same figures."""
    app = serve(service(), env={"ATILA_ACCESS_LOG": "json"})
    app.client.post("/upload?a=1", content=b"12345", headers=HEADERS)
    wait_for(lambda: '"POST"' in app.log(), "it is there")
    line = next(json.loads(line) for line in app.log().splitlines() if line.startswith("{"))
    assert (line["method"], line["uri"], line["status"], line["received"]) == ("POST", "/upload?a=1", 200, 5)
    assert (line["agent"], line["forwarded_for"], line["gtxid"]) == ("an agent", "9.8.7.6", "g-1")


def test_log_files_are_put_aside(serve: Serve) -> None:
    """Files of several workers are put aside when they have grown; no line is lost."""
    source = service().replace(
        'skitai.mount ("/", app)',
        'skitai.mount ("/", app); skitai.enable_file_logging ("log", size = 4000, files = 100)',
    )
    app = serve(source, "--workers=2")
    asked = 0
    deadline = time.monotonic() + 30
    while not (app.folder / "log" / "request.log.2").exists():
        assert time.monotonic() < deadline
        for _ in range(10):
            app.client.get(f"/?n={asked}", headers={"Connection": "close"})
            asked += 1
        time.sleep(0.05)
    assert app.stop() == 0
    lines = [
        line
        for path in (app.folder / "log").glob("request.log*")
        if not path.name.endswith(".lock")
        for line in path.read_text().splitlines()
    ]
    found = {int(number) for line in lines for number in re.findall(r"/\?n=(\d+) ", line)}
    assert found == set(range(asked))
    assert "worker started" in (app.folder / "log" / "server.log").read_text()


def test_traces(serve: Serve) -> None:
    """The guide's example: spans of handlers are in their request's trace, and so is what they ask."""
    page = (ROOT / "migration_guide" / "04-deploy.md").read_text()
    listing = re.search(r"^```python traced\.py\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert listing is not None
    app = serve(listing[1])
    trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    answer = app.client.get(f"/ask/{app.port}", headers={"traceparent": f"00-{trace}-{caller}-01"})
    assert answer.json() == {"id": 7}
    assert app.stop() == 0
    log, decoder, spans = app.log(), json.JSONDecoder(), {}
    for found in re.finditer(r"^{$", log, re.MULTILINE):
        span, _ = decoder.raw_decode(log, found.start())
        if span["context"]["trace_id"] == f"0x{trace}":
            spans[span["name"]] = (span["context"]["span_id"], span["parent_id"])
    asked, book, looked = spans["GET ask"], spans["GET book"], spans["look it up"]
    assert [asked[1], book[1], looked[1]] == [f"0x{caller}", asked[0], book[0]]


def test_the_status_page(serve: Serve) -> None:
    """It is off by default; it has the figures of all workers, as JSON and for Prometheus."""
    off = serve(service())
    assert off.client.get("/__status__").status_code == 404
    app = serve(service(status_path="/__status__"), workers=2)
    for _ in range(20):
        httpx.get(f"{app.url}/")
    httpx.get(f"{app.url}/nowhere")

    def all_is_counted() -> bool:  # each worker writes its figures down once a second
        total = httpx.get(f"{app.url}/__status__").json()["total"]
        return bool(total["responses_4xx_total"] == 1 and total["requests_total"] >= 21)

    wait_for(all_is_counted, "all is counted")
    with connected(app.port, b"GET /sleep?seconds=3 HTTP/1.1\r\nHost: a\r\n\r\n"):
        wait_for(
            lambda: httpx.get(f"{app.url}/__status__").json()["total"]["threads_busy"] == 1, "one is busy"
        )
        page = httpx.get(f"{app.url}/__status__").json()
    assert len(page["workers"]) == 2
    assert page["total"]["threads"] == 8
    assert page["total"]["resident_bytes"] > 2**24
    text = httpx.get(f"{app.url}/__status__/metrics")
    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert len(re.findall(r'^atila_requests_total\{worker="\d"\} \d+$', text.text, re.MULTILINE)) == 2
    assert httpx.get(f"{app.url}/__status__x").status_code == 404
    assert httpx.post(f"{app.url}/__status__").status_code == 405

"""Coroutines that wait hold no thread, however many there are."""

from __future__ import annotations

import asyncio

import httpx
import psutil

from ..launch import Serve
from ..servers import HOST

COUNT = 500

APP = """
    import os
    import skitai
    from atila import Atila

    app = Atila(__name__)

    @app.route("/", coroutine=True)
    def index(was):
        task = yield was.get("@slow/", timeout=60)
        return task.fetch()

    @app.route("/now")
    def now(was):
        return "now"

    if __name__ == "__main__":
        skitai.alias("@slow", skitai.PROTO_HTTP, os.environ["SLOW"], max_conns=1000)
        skitai.mount("/", app)
        skitai.run(workers=1, threads=4)
"""


class Slow:
    """A server that answers nobody before `COUNT` have asked, and a second has passed then.

    Attributes:
        threads: of the process `watched`, when all had asked.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.threads = 0
        self.watched: psutil.Process | None = None
        self.all_there = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.asked += 1
                if self.asked == COUNT:
                    assert self.watched is not None
                    self.threads = self.watched.num_threads()
                    self.all_there.set()
                await self.all_there.wait()
                await asyncio.sleep(1)
                writer.write(
                    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n"done"'
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def test_waiting_coroutines_hold_no_thread(serve: Serve) -> None:
    """500 coroutines wait for a task at the same time: the server has as many threads as for one request."""

    async def run() -> None:
        slow = Slow()
        server = await asyncio.start_server(slow.answer, HOST, 0, backlog=COUNT)
        port = server.sockets[0].getsockname()[1]
        app = await asyncio.to_thread(serve, APP, env={"SLOW": f"{HOST}:{port}"})
        limits = httpx.Limits(max_connections=COUNT + 1)
        async with httpx.AsyncClient(base_url=app.url, trust_env=False, timeout=50, limits=limits) as client:
            await client.get("/now")
            slow.watched = busiest(app.process.pid)
            before = slow.watched.num_threads()
            asking = [asyncio.ensure_future(client.get("/")) for _ in range(COUNT)]
            await asyncio.wait_for(slow.all_there.wait(), 40)
            assert (await client.get("/now")).text == "now"
            answers = await asyncio.gather(*asking)
        assert {answer.text for answer in answers} == {"done"}
        assert slow.threads - before <= 4  # the handlers' threads start when they are needed
        server.close()

    asyncio.run(run())


def busiest(pid: int) -> psutil.Process:
    """The process that answers: the one with most threads of a process and its children."""
    process = psutil.Process(pid)
    return max([process, *process.children(recursive=True)], key=lambda each: each.num_threads())

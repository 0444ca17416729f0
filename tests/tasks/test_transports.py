"""Connections to HTTP servers: made when they are needed, kept, limited, never lost."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import httpcore
import pytest

from atila_compat.serving.runtime import Runtime
from atila_compat.tasks import transports
from atila_compat.tasks.outgoing import Outgoing, outgoing, proxy_for
from atila_compat.tasks.transports import Login, Pool, Transports, encode_host

from .peers import Peer, raw_server, read_head

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def request(address: str, path: str = "/x") -> httpcore.Request:
    return httpcore.Request("GET", f"http://{address}{path}", headers={"Host": address})


def pool_for(address: str, size: int = 2) -> Pool:
    host, _, port = address.partition(":")
    origin = httpcore.Origin(b"http", host.encode(), int(port))
    return Pool(lambda: httpcore.AsyncHTTPConnection(origin, keepalive_expiry=60), size)


def run(runtime: Runtime, coroutine: Any) -> Any:
    return runtime.spawn(coroutine).result(10)


def test_a_connection_is_used_again(runtime: Runtime, peer: Peer) -> None:
    """What was read to its end serves the next call; more connections are made only as they are needed."""

    async def drive() -> None:
        pool = pool_for(peer.address)
        for _ in range(3):
            assert (await pool.send(request(peer.address))).status_code == 200
        assert peer.connections == 1
        await asyncio.gather(*(pool.send(request(peer.address, "/sleep/0.05")) for _ in range(5)))
        assert peer.connections == 2
        assert pool.is_quiet
        await pool.aclose()

    run(runtime, drive())


def test_a_cancelled_call_gives_its_connection_up_wherever_it_is(runtime: Runtime) -> None:
    """Cancelled after any number of turns of the loop, nothing is in use, and others get through."""

    def answer(connection: socket.socket, number: int) -> None:
        while read_head(connection):
            connection.sendall(OK)

    async def drive(address: str) -> None:
        pool = pool_for(address, 1)
        for turns in range(40):
            call = asyncio.ensure_future(pool.send(request(address), stream=turns % 2 == 0))
            for _ in range(turns):
                await asyncio.sleep(0)
            if call.done():
                body = call.result().stream
                if body is not None:
                    body.close()
            call.cancel()
            await asyncio.wait([call])
            assert pool.active == 0
            assert (await asyncio.wait_for(pool.send(request(address)), 5)).content == b"ok"
        await pool.aclose()

    with raw_server(answer) as address:
        run(runtime, drive(address))


def test_an_ended_connection_is_not_used(runtime: Runtime) -> None:
    """A server that ends idle connections is asked on a new one."""
    seen: list[int] = []

    def answer(connection: socket.socket, number: int) -> None:
        seen.append(number)
        read_head(connection)
        connection.sendall(OK)

    async def drive(address: str) -> None:
        pool = pool_for(address, 1)
        for _ in range(3):
            assert (await pool.send(request(address))).content == b"ok"
            await asyncio.sleep(0.05)
        await pool.aclose()

    with raw_server(answer) as address:
        run(runtime, drive(address))
    assert seen == [0, 1, 2]


def test_only_so_many_servers_are_remembered(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections to servers that are called by URL are forgotten, the longest unused first."""
    monkeypatch.setattr(transports, "MAX_SERVERS", 2)

    async def drive() -> None:
        kept = Transports(runtime)
        first = kept.find("http", "a", 80, Outgoing())
        kept.find("http", "b", 80, Outgoing())
        assert kept.find("http", "a", 80, Outgoing()) is first
        kept.find("http", "c", 80, Outgoing())
        assert len(kept.pools) == 2
        assert kept.find("http", "a", 80, Outgoing()) is first
        kept.find("http", "x", 80, Outgoing(), owner="@alias")
        assert len(kept.pools) == 3
        await kept.aclose()
        assert kept.pools == []

    run(runtime, drive())


def test_logins_answer_what_is_asked() -> None:
    """Basic and Digest are understood, other challenges and broken ones are not answered."""
    login = Login("user", "pass")
    assert login.answer("GET", "http://x/", 'Basic realm="x"') == "Basic dXNlcjpwYXNz"
    digest = login.answer("GET", "http://x/a?b=c", 'Digest realm="x", nonce="abc", qop="auth"')
    assert digest is not None
    assert digest.startswith('Digest username="user"')
    assert 'uri="/a?b=c"' in digest
    assert [login.answer("GET", "http://x/", each) for each in ("Bearer", "", "Digest nonsense")] == [
        None
    ] * 3


def test_hosts_are_encoded() -> None:
    """A name in another script is looked up in its ASCII form."""
    assert encode_host("example.com") == b"example.com"
    assert encode_host("bücher.example") == b"xn--bcher-kva.example"
    with pytest.raises(UnicodeError):
        encode_host("ü" * 100)


def test_settings_of_an_alias_come_over_the_others() -> None:
    """config.OUTGOING holds for all calls, an alias in it for that alias."""
    config = {"OUTGOING": {"verify": "/ca.pem", "cert": ["a", "b"], "@x": {"verify": False}}}
    assert outgoing(config) == outgoing(config, "@y") == Outgoing(verify="/ca.pem", cert=("a", "b"))
    assert outgoing(config, "@x") == Outgoing(verify=False, cert=("a", "b"))
    assert outgoing({}) == Outgoing()


def test_proxies_of_the_environment_know_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    """With trust_env a proxy is taken from the environment, but for the hosts that NO_PROXY names."""
    monkeypatch.setenv("http_proxy", "http://proxy:1")
    monkeypatch.setenv("no_proxy", "inside.example")
    trusting = Outgoing(trust_env=True)
    found: Callable[..., str | None] = proxy_for
    assert found(trusting, "http", "outside.example") == "http://proxy:1"
    assert found(trusting, "http", "inside.example") is None
    assert found(Outgoing(), "http", "outside.example") is None
    assert found(Outgoing(proxy="http://own:2"), "http", "inside.example") == "http://own:2"

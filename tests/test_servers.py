"""The servers that other tests use are real ones."""

from __future__ import annotations

import socket
import sys
import tempfile

import psycopg2
import pymongo
import pytest
import redis

from . import servers


def test_postgres_answers(postgres_url: str) -> None:
    """The PostgreSQL of the tests executes SQL, and its user may make databases."""
    servers.execute(postgres_url, "create database servers_test;\ndrop database servers_test;\n")
    connection = psycopg2.connect(postgres_url)
    with connection.cursor() as cursor:
        cursor.execute("select 1 + 1")
        assert cursor.fetchone() == (2,)
    connection.close()


def test_postgres_checks_passwords(postgres_url: str) -> None:
    """A wrong password is refused, so that tests notice when one does not arrive."""
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(postgres_url.replace(":postgres@", ":wrong@"))


def test_redis_answers(redis_url: str) -> None:
    """The Redis of the tests keeps values."""
    with redis.Redis.from_url(redis_url) as client:
        client.set("servers:test", "1")
        assert client.get("servers:test") == b"1"
        client.delete("servers:test")


def test_mongo_answers(mongo_url: str) -> None:
    """The MongoDB of the tests keeps documents."""
    with pymongo.MongoClient[dict[str, object]](mongo_url) as client:
        client["servers_test"]["things"].insert_one({"name": "a"})
        assert client["servers_test"]["things"].find_one({"name": "a"}, {"_id": 0}) == {"name": "a"}
        client.drop_database("servers_test")


def test_environment_names_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL in the environment is used as it is, and nothing is started."""
    monkeypatch.setenv("ATILA_TEST_REDIS", "redis://elsewhere/3")
    with servers.redis() as url:
        assert url == "redis://elsewhere/3"


def test_standard_port_that_is_taken_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that listens at the standard port already is used and left alone."""
    with socket.create_server((servers.HOST, 0)) as other:
        monkeypatch.setitem(servers.STANDARD_PORTS, "redis", other.getsockname()[1])
        with servers.standard("redis"):
            pass
        assert servers.listening(other.getsockname()[1])


def test_standard_server_is_set_up_and_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A free standard port gets a server of our own for as long as it is needed."""
    port = servers.free_port()
    monkeypatch.setitem(servers.STANDARD_PORTS, "redis", port)
    with servers.standard("redis"):
        assert servers.listening(port)
    assert not servers.listening(port)


def test_server_that_ends_is_an_error_with_its_log() -> None:
    """A server that cannot start is an error that shows what it said, not a skip."""
    command = [sys.executable, "-c", "raise SystemExit('no luck')"]
    with (
        tempfile.TemporaryFile() as log,
        pytest.raises(RuntimeError, match=r"exit code 1(.|\n)*no luck"),
        servers._process(command, servers.free_port(), log),
    ):
        pass

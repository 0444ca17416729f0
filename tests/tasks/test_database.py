"""Data sources through was.db: which one an alias means, what its tasks end with, what if it is down."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from atila_compat.errors import HTTPError
from atila_compat.tasks import aliases
from atila_compat.tasks.response import STA_NETERR, STA_NORMAL
from atila_compat.was import Was

from .. import servers


@pytest.fixture
def shop(was: Was, tmp_path: Path) -> Path:
    """A SQLite file with three rows, as @shop."""
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.executescript("create table t (id integer primary key, a text unique);")
    connection.executescript("insert into t values (1, 'x'), (2, 'y'), (3, 'z');")
    connection.close()
    aliases.define("@shop", "*sqlite3", str(path))
    return path


@pytest.fixture
def redis(was: Was, redis_url: str) -> str:
    """A Redis, as @redis."""
    place = urlsplit(redis_url).netloc
    aliases.define("@redis", "*redis", f"{place}/0")
    return place


def test_tasks_end_with_rows(was: Was, shop: Path) -> None:
    """fetch() gives rows, one() the only one, commit() None; both of execute and of the builder."""
    with was.db("@shop") as db:
        assert db.execute("select * from t where id < 3 order by id").fetch() == [
            {"id": 1, "a": "x"},
            {"id": 2, "a": "y"},
        ]
        assert db.execute("select a from t where id = ?", (2,)).one().a == "y"
        assert db.select("t").filter(id__gt=2).exfetch()[0]["a"] == "z"
        assert db.select("t").filter(id=1).exone().a == "x"
        assert db.insert("t").set(a="it's").excommit() is None
        assert db.execute("update t set a = 'w' where id = 4").fetch() is None
        assert db.select("t").get("count(*) as n").execute().one().n == 4
        for query, status in ((db.select("t"), "409"), (db.select("t").filter(id=9), "410")):
            with pytest.raises(HTTPError, match=status):
                query.execute().one()


def test_limit_0_is_an_empty_answer(was: Was, shop: Path) -> None:
    """fetch() gives an empty list, one() a 410, commit() None, and nobody is asked."""
    shop.unlink()
    assert was.db("@shop").select("t").limit(0).execute().fetch() == []
    assert was.db("@shop").select("t")[5:5].execute().commit() is None
    with pytest.raises(HTTPError, match="410"):
        was.db("@shop").select("t").limit(0).execute().one()
    assert was.Tasks([was.db("@shop").select("t").limit(0).execute()]).fetch() == [[]]


def test_errors_keep_their_type(was: Was, shop: Path) -> None:
    """fetch() and commit() raise the driver's error, one() answers 409 for a broken constraint."""
    task = was.db("@shop").execute("select * from nowhere")
    with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
        task.fetch()
    with pytest.raises(sqlite3.IntegrityError):
        was.db("@shop").insert("t").set(a="x").execute().commit()
    with pytest.raises(HTTPError, match="409"):
        was.db("@shop").insert("t").set(a="x").execute().one()
    result = task.dispatch()
    assert (result.status, result.status_code, result.reason, result.data) == (
        STA_NORMAL,
        500,
        "Database Error",
        None,
    )
    with pytest.raises(AssertionError, match=r"\.all"):
        was.db("@shop").delete("t").execute()


def test_keywords_of_calls(was: Was, shop: Path) -> None:
    """meta, filter, callback and timeout are those of all calls."""
    task = was.db("@shop", meta={"unit": 1}, filter=lambda rows: len(rows)).execute("select * from t")
    assert (task.fetch(), task.meta["unit"]) == (3, 1)
    endless = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"
    assert was.db("@shop", timeout=0.2).execute(endless).dispatch().reason == "Operation Timeout"
    assert was.db("@shop").execute("select 1 as a").one().a == 1


def test_what_is_kept_is_used_where_the_app_says_so(was: Was, shop: Path) -> None:
    """Results are answered from the cache with use_cache, never without."""

    def count(**options: Any) -> int:
        task = was.db("@shop", **options).execute("select count(*) as n from t")
        return int(task.fetch(cache=60)[0].n)

    assert count(use_cache=True) == 3
    was.db("@shop").insert("t").set(a="w").execute().commit()
    assert count(use_cache=True) == 3
    assert count(cache=60) == 4
    assert count() == 4
    assert count(use_cache=True) == 4


def test_databases_are_found(was: Was, shop: Path, tmp_path: Path) -> None:
    """By alias, the app's own first; by path or server with a type; others say what is wrong."""
    assert was.sqlite3("@shop").execute("select 1 as a").one().a == 1
    assert was.sqlite3(str(shop)).select("t").get("count(*) as n").execute().one().n == 3
    assert was.db(str(shop), dbtype="*sqlite3").select("t").execute().fetch()
    aliases.define("@shop", "*sqlite3", str(tmp_path / "own.db"), app=was.app)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        was.db("@shop").select("t").execute().fetch()
    with pytest.raises(KeyError, match="known aliases: @shop"):
        was.db("@nothing")
    with pytest.raises(AssertionError, match="Missing param"):
        was.db("")
    aliases.define("@web", "http", "localhost")
    with pytest.raises(TypeError, match="no data source"):
        was.db("@web")


def test_transactions_and_cursors_wait(was: Was, shop: Path, redis: str) -> None:
    """was.transaction and was.cursor are synchronous; both can be had from was.db."""
    with was.transaction("@shop") as db:
        db.insert("t").set(a="lost").execute()
        assert db.select("t").execute().fetchall()[-1] == (4, "lost")
    with was.db("@shop", transaction=True) as db:
        db.insert("t").set(a="kept").execute()
        db.commit()
    assert was.cursor("@shop").select("t").filter(a="kept").execute().one().id == 4
    assert was.sdb("@shop").execute("delete from t where id = 4").commit() is None
    assert was.db("@shop", cursor=True).execute("select count(*) as n from t").one().n == 3
    with pytest.raises(TypeError, match="no transactions"):
        was.transaction("@redis")


def test_commands_of_redis(was: Was, redis: str) -> None:
    """A method is a command; pipelines, groups and servers without an alias work."""
    with was.db("@redis") as db:
        db.delete("d:a", "d:n").commit()
        assert db.set("d:a", "x").commit() is None
        assert db.get("d:a").fetch() == "x"
        assert (db.incr("d:n").one(), db.incr("d:n").fetch()) == (1, (2,))
        pipe = db.pipeline().set("d:a", 1).incr("d:a")
        assert pipe.execute().fetch() == ["OK", 2]
        assert was.Tasks(a=db.get("d:a"), b=db.lrange("d:none", 0, -1)).fetch() == {"a": "2", "b": []}
    assert was.redis(f"{redis}/0").get("d:a").fetch() == "2"
    assert was.db("@redis").foo().dispatch().status_code == 500


def test_collections_of_mongodb(was: Was, mongo_url: str) -> None:
    """A method is one of the collection's."""
    place = urlsplit(mongo_url).netloc
    aliases.define("@mongo", "*mongodb", f"{place}/conform/docs")
    with was.db("@mongo") as db:
        db.drop().commit()
        assert db.insert_one({"_id": 1, "city": "New York"}).fetch().inserted_id == 1
        assert db.find({"city": "New York"}).fetch() == [{"_id": 1, "city": "New York"}]
        assert db.find({"city": "New York"}).one().city == "New York"
        with pytest.raises(HTTPError, match="409"):
            db.insert_one({"_id": 1}).one()


def test_another_server_is_asked(was: Was, redis: str) -> None:
    """A server that cannot be reached is passed over, for reading and for writing; map asks every one."""
    aliases.define("@some", "*redis", [f"127.0.0.1:{servers.free_port()}/0 9", f"{redis}/0"])
    assert was.db("@some").set("d:b", "x").fetch() == "OK"
    assert [was.db("@some").get("d:b").fetch() for _ in range(5)] == ["x"] * 5
    results = was.db.map("@some").get("d:b").dispatch()
    assert [each.status for each in results] == [STA_NETERR, STA_NORMAL]
    assert results[1].data == "x"
    assert was.db.lb("@some").get("d:b").fetch() == "x"


def test_all_servers_are_down(was: Was) -> None:
    """The driver's error is raised, the result says that nobody was reached."""
    aliases.define("@down", "*postgresql", [f"a:b@127.0.0.1:{servers.free_port()}/c" for _ in range(2)])
    task = was.db("@down").select("t").execute()
    assert (task.dispatch().status, task.dispatch().status_code) == (STA_NETERR, 500)
    with pytest.raises(Exception, match=r"(?i)connect"):
        task.fetch()
    with pytest.raises(Exception, match=r"(?i)connect"):
        was.transaction("@down").execute("select 1")

"""Django models whose queries are tasks, on SQLite and PostgreSQL (spec/08 section 3)."""

from __future__ import annotations

import datetime
import re
from typing import Any

import httpx
import pytest

from ..launch import Serve
from .conftest import SQLITE
from .django_project import FILES, SETTINGS, Project

pytestmark = pytest.mark.timeout(180)

NOW = re.compile(r"(TIMESTAMP )?'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d'")


def masked(sql: str) -> str:
    """SQL whose times are blanked."""
    return NOW.sub("NOW", sql)


def add(**values: Any) -> str:
    """The expression that adds a user."""
    given = ", ".join(f"{name} = {value}" for name, value in {"uid": "'u'", **values}.items())
    return f"User.add (dict ({given}))"


# -- what the builder knows ---------------------------------------------------------------------------------


def test_table_and_columns(project: Project) -> None:
    """A model knows its table, its columns, its primary key and its foreign keys."""
    assert project.do("User.get_table_name ()") == "shop_user"
    assert project.do("UserLog.get_columns ()") == ["id", "user_id", "note", "day", "time"]
    assert project.do("User.get_pk ()") == "id"
    fks = project.do("{k: [c, m.get_table_name (), m.get_pk ()] for k, (c, m) in User.get_fks ().items ()}")
    assert fks == {
        "team": ["team_id", "shop_team", "id"],
        "account": ["account_id", "auth_user", "id"],
        "team_name": ["team_name_id", "shop_team", "name"],
    }


@pytest.mark.parametrize(
    ("query", "sql"),
    [
        ("User.get ()", "SELECT * FROM shop_user"),
        ("User.get (id = 1)", "SELECT * FROM shop_user WHERE id = 1"),
        ("User.get (3)", "SELECT * FROM shop_user WHERE id = 3"),
        ("User.get (uid = 'a', nick_name = None)", "SELECT * FROM shop_user WHERE uid = 'a'"),
        ("User.get (uid = 'a').get ('id')", "SELECT id FROM shop_user WHERE uid = 'a'"),
        ("User.get (Q (uid = 'a') | Q (id = 3))", "SELECT * FROM shop_user WHERE (uid = 'a' OR id = 3)"),
        ("User.get (~Q (team = 3), None)", "SELECT * FROM shop_user WHERE NOT (team_id = 3)"),
        ("User.get (team = 3, age__gt = 3)", "SELECT * FROM shop_user WHERE team_id = 3 AND age > 3"),
        (
            "User.get ().order_by ('-team').limit (3).get ('team', 'uid')",
            "SELECT team_id, uid FROM shop_user ORDER BY team_id DESC LIMIT 3",
        ),
        ("User.get (this__id = 3)", "SELECT * FROM shop_user WHERE shop_user.id = 3"),
        (
            "User.get (renamed = 'x').get ('renamed')",
            "SELECT other_name FROM shop_user WHERE other_name = 'x'",
        ),
        ("User.get (lev__in = ['a', 'b'])", "SELECT * FROM shop_user WHERE lev IN ('a','b')"),
        ("User.get ().exclude (team = 3)", "SELECT * FROM shop_user WHERE NOT (team_id = 3)"),
        ("User.get (id = 1).aggregate ('count (*)')", "SELECT count (*) FROM shop_user WHERE id = 1"),
        (
            "User.get (id = 1).join_related ('team', 't').get ('t.name')",
            "SELECT t.name FROM shop_user INNER JOIN shop_team AS t ON shop_user.team_id = t.id WHERE id = 1",
        ),
        (
            "User.get ().left_join_related ('team_name', 't')",
            "SELECT * FROM shop_user LEFT OUTER JOIN shop_team AS t ON shop_user.team_name_id = t.name",
        ),
        (
            "User.get ().join_related ('account', 'a')",
            "SELECT * FROM shop_user INNER JOIN auth_user AS a ON shop_user.account_id = a.id",
        ),
        (
            "User.set (dict (nick_name = 'x'), id = 3)",
            "UPDATE shop_user SET nick_name = 'x', last_updated = NOW WHERE id = 3",
        ),
        (
            "User.set (dict (nick_name = '', age = None), team = 4)",
            "UPDATE shop_user SET nick_name = NULL, age = NULL, last_updated = NOW WHERE team_id = 4",
        ),
        ("User.set ({'this__age': 3}, 5)", "UPDATE shop_user SET age = 3, last_updated = NOW WHERE id = 5"),
        ("User.set ({'t__age': 3}, 5)", "UPDATE shop_user SET t.age = 3, last_updated = NOW WHERE id = 5"),
        ("User.remove (id = 3)", "DELETE FROM shop_user WHERE id = 3"),
        (
            "User.remove (uid = 'x').with_ (UserLog.remove (user_id = User.get (uid = 'x').get ('id')))",
            (
                "WITH cte_1 AS (DELETE FROM shop_log WHERE user_id = "
                "(SELECT id FROM shop_user WHERE uid = 'x')) DELETE FROM shop_user WHERE uid = 'x'"
            ),
        ),
        (
            "User.with_ ('a', User.get (id = 3)).select ('a')",
            "WITH a AS (SELECT * FROM shop_user WHERE id = 3) SELECT * FROM a",
        ),
        (
            "User.with_ ('a', D (x = 1)).update (User).set (slug = 'x').filter (id = 3)",
            "WITH a (x) AS (values (1)) UPDATE shop_user SET slug = 'x', last_updated = NOW WHERE id = 3",
        ),
        ("User.fromcte ('a')", "SELECT * FROM a"),
        ("User.alias ('u')", "SELECT * FROM shop_user AS u"),
        ("UserLog.add (dict (user = User.get (3).get ('id'), note = 'x')).get", None),
    ],
)
def test_queries(project: Project, query: str, sql: str | None) -> None:
    """Class methods make queries; names of foreign keys and fields become those of columns."""
    if sql is not None:
        assert masked(project.sql(query)) == sql


def test_added_rows_are_complete(project: Project) -> None:
    """`add` fills defaults and times in, in the order of the fields."""
    sql = project.sql(add(uid="'u1'", team="3"))
    assert masked(sql).startswith(
        "INSERT INTO shop_user (uid, team_id, lev, points, score, active, slug, memo, created, last_updated) "
        "VALUES ('u1', 3, 'user', 0, 1.5, true, 's', '', NOW, NOW)"
    )


# -- validation ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"zz": "3"}, "field zz is not valid field"),
        ({"teams": "[1]"}, "field teams is not valid field"),
        ({"uid": "None"}, "field uid should not be NULL"),
        ({"uid": "''"}, "field uid should not be blank"),
        ({"memo": "''"}, "field memo should not be blank"),
        ({"uid": "3"}, "field uid type should be string"),
        ({"age": "'3'"}, "field age type should be integer"),
        ({"age": "3.5"}, "field age type should be integer"),
        ({"score": "3"}, "field score type should be float"),
        ({"active": "1"}, "field active type should be boolean"),
        ({"born": "'2020-01-01'"}, "field born type should be date"),
        ({"wake": "'01:02'"}, "field wake type should be time"),
        ({"seen": "datetime.date (2020, 1, 1)"}, "field seen type should be datetime"),
        ({"token": "'zz'"}, "field token type should be uuid"),
        ({"price": "'dear'"}, "field price type should be decimal"),
        ({"lev": "'king'"}, "field lev has invalid value"),
        ({"email": "'not'"}, "Enter a valid email address."),
        ({"uid": "'u' * 33"}, "Ensure this value has at most 32 characters (it has 33)."),
        ({"points": "-1"}, "Ensure this value is greater than or equal to 0."),
        ({"price": "decimal.Decimal ('123456.5')"}, "Ensure that there are no more than 6 digits in total."),
        (
            {"slug": "'no slug'"},
            "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
        ),
        ({"age": "F ('age + 1')"}, "field age type should be integer"),
        ({"uid": "V ('x')"}, "field uid type should be string"),
    ],
)
def test_bad_values_are_refused(project: Project, payload: dict[str, str], message: str) -> None:
    """What a field refuses is a ValidationError, with the original's text, in `add` and in `set`."""
    assert project.sql(add(**payload)) == f"ValidationError: {message}"
    given = ", ".join(f"{name} = {value}" for name, value in payload.items())
    assert project.sql(f"User.set (dict ({given}), id = 3)") == f"ValidationError: {message}"


def test_missing_values(project: Project) -> None:
    """What has neither default nor NULL may not be missing in `add`; in `set` it may."""
    assert project.sql("User.add (dict (nick_name = 'x'))") == "ValidationError: field uid is missing"
    assert project.sql("UserLog.add (dict (note = 'x'))") == "ValidationError: field user_id is missing"
    assert project.sql("User.set (dict (nick_name = 'x'), 1)").startswith("UPDATE")


@pytest.mark.parametrize(
    ("payload", "stored"),
    [
        ({"email": "''"}, "(uid, email, "),
        ({"lev": "'staff'"}, "'staff'"),
        ({"slug": "''"}, "('u', ''"),
        ({"age": "True"}, "('u', 1"),
        ({"memo": "F (\"'a'\")"}, "('u', 'a'"),
        ({"team": "V (3)"}, "('u', 3"),
        ({"uid": "User.get (3).get ('uid')"}, "(SELECT uid FROM shop_user WHERE id = 3)"),
        ({"token": "str (uuid.UUID (int = 1))"}, "0001"),
    ],
)
def test_values_that_are_taken(project: Project, payload: dict[str, str], stored: str) -> None:
    """Choices in groups, blanks that may be, SQL for fields without a type and queries are taken."""
    assert stored in project.sql(add(**payload))


def test_automatic_times_cannot_be_given(project: Project) -> None:
    """What fills itself in is not taken from the payload, so that nobody can set it."""
    assert "now" not in project.sql(add(created="'now'", last_updated="'now'"))
    assert "2020" not in project.sql("User.set (dict (last_updated = datetime.datetime (2020, 1, 1)), 1)")


def test_insert_and_update_by_model(project: Project) -> None:
    """`db.insert (Model)` and `db.update (Model)` are checked as `add` and `set` are."""
    assert (
        project.sql("User.db ().insert (User).set (nick_name = 'a')")
        == "ValidationError: field uid is missing"
    )
    assert project.sql("was.db ('@rdb').update (User).set (uid = 3)") == (
        "ValidationError: field uid type should be string"
    )
    assert project.sql("was.db ('@rdb').insert ('shop_user').set (uid = 3)").startswith("INSERT")


def test_further_values(project: Project) -> None:
    """Values that are set later are checked too, and nothing is missing then."""
    assert "'z'" in project.sql(f"{add()}.set (nick_name = 'z')")
    assert (
        project.sql(f"{add()}.set (nick_name = 3)")
        == "ValidationError: field nick_name type should be string"
    )


def test_validate(project: Project) -> None:
    """`validate` gives the values to write, by column."""
    assert sorted(project.do("list (User.validate (dict (team = 3)))")) == ["last_updated", "team_id"]
    assert "created" in project.do("list (User.validate (dict (uid = 'x'), True))")


# -- execution ----------------------------------------------------------------------------------------------


def fresh(project: Project, name: str, **values: str) -> Any:
    """The row of a new user."""
    given = {"uid": repr(name), **values}
    return project.do(add(**given) + ".returning ('*').execute ().one ()")


def test_readme_service(project: Project) -> None:
    """The README's service works: add, get, set and remove, each as a task."""
    client: httpx.Client = project.server.client
    answer = client.post("/users/readme", json={"nick_name": "Hans", "age": 3})
    assert answer.status_code == 201, answer.text
    user = answer.json()["user"]
    assert (user["uid"], user["nick_name"], user["age"], user["lev"]) == ("readme", "Hans", 3, "user")
    assert client.put("/users/readme", json={"nick_name": "Fritz"}).json()["user"]["nick_name"] == "Fritz"
    assert [each["id"] for each in client.get("/users/readme").json()["users"]] == [user["id"]]
    assert client.get("/coroutine?uid=readme").json() == {"users": [{"uid": "readme", "lev": "user"}]}
    assert client.delete("/users/readme").json() == {"removed": "readme"}
    assert client.get("/users/readme").json() == {"users": []}


def test_validation_errors_reach_the_handler(project: Project) -> None:
    """A payload that is refused raises where the query is made, before anything is asked of the database."""
    answer = project.server.client.post("/users/refused", json={"age": "old"})
    assert answer.status_code == 502
    assert project.server.client.get("/users/refused").json() == {"users": []}


def test_django_reads_what_tasks_have_written(project: Project) -> None:
    """Every kind of value that a task writes is the same value for Django."""
    made = add(
        uid="'kinds'",
        age="3",
        price="decimal.Decimal ('12.50')",
        active="False",
        born="datetime.date (2020, 1, 2)",
        wake="datetime.time (3, 4)",
        seen="datetime.datetime.fromisoformat ('2020-01-02 03:04:00+09:00')",
        lasts="datetime.timedelta (days = 1, seconds = 2)",
        token="uuid.UUID (int = 77)",
        extra="{'a': [1, None]}",
        renamed="'r'",
    )
    project.do(f"{made}.execute ().commit ()")
    shown = project.orm(
        "u = User.objects.get (uid = 'kinds')\n"
        "print (u.age, u.price, u.active, u.born, u.wake, u.seen, u.lasts, u.token, u.extra, u.renamed)"
    )
    assert shown.splitlines() == [
        (
            "3 12.50 False 2020-01-02 03:04:00 2020-01-01 18:04:00+00:00 1 day, 0:00:02 "
            "00000000-0000-0000-0000-00000000004d {'a': [1, None]} r"
        ),
    ]


def test_tasks_find_what_django_has_written(project: Project) -> None:
    """Rows that Django writes are found by values of every kind, in `filter` and in `Q` too."""
    project.orm(
        "import datetime, decimal, uuid\n"
        "User.objects.create (uid = 'found', born = datetime.date (2021, 5, 6),\n"
        "    token = uuid.UUID (int = 99), price = decimal.Decimal ('3.25'),\n"
        "    lasts = datetime.timedelta (hours = 5), memo = 'm')"
    )
    for condition in (
        "born = datetime.date (2021, 5, 6)",
        "born__in = [datetime.date (2021, 5, 6)]",
        "born__between = (datetime.date (2021, 5, 6), datetime.date (2021, 5, 6))",
        "token = uuid.UUID (int = 99)",
        "price = decimal.Decimal ('3.25')",
        "lasts = datetime.timedelta (hours = 5)",
    ):
        for query in (
            f"User.get ({condition})",
            f"User.get (Q ({condition}))",
            f"User.get ().filter (~~Q ({condition}))",
        ):
            assert project.do(f"[row.uid for row in {query}.execute ().fetch ()]") == ["found"], query


def test_times_are_utc(project: Project) -> None:
    """Times that fill themselves in are now, in UTC."""
    row = fresh(project, "times")
    created = datetime.datetime.fromisoformat(row["created"].replace("+00", "+00:00"))
    created = created.replace(tzinfo=datetime.UTC) if created.tzinfo is None else created
    assert abs((datetime.datetime.now(datetime.UTC) - created).total_seconds()) < 120


def test_joins(project: Project) -> None:
    """Foreign keys are joined, several one behind the other too."""
    project.do("Team.add (dict (name = 'red')).execute ().commit ()")
    team = project.do("Team.get (name = 'red').execute ().one ().id")
    user = fresh(project, "joined", team=str(team), team_name="'red'")
    project.do(f"UserLog.add (dict (user = {user['id']}, note = 'hello')).execute ().commit ()")
    names = "UserLog.get ().join_related ('user__team', 't').get ('t.name', 'note')"
    assert project.do(f"{names}.filter (note = 'hello').execute ().fetch ()") == [
        {"name": "red", "note": "hello"}
    ]
    by_name = "User.get (uid = 'joined').join_related ('team_name', 't').get ('t.id as tid')"
    assert project.do(f"{by_name}.execute ().one ().tid") == team


def test_aggregate(project: Project) -> None:
    """`aggregate` asks for something of the same rows."""
    for number in range(3):
        fresh(project, "counted", age=str(number))
    query = "User.get (uid = 'counted').order_by ('age').limit (1)"
    assert project.do(f"{query}.aggregate ('count (*) as n').execute ().one ().n") == 3


def test_transaction(project: Project) -> None:
    """A transaction that is not committed leaves nothing behind."""
    client = project.server.client
    assert client.get("/transfer?fail=yes").status_code == 409
    assert project.do("Team.get (name = 'moved').execute ().fetch ()") == []
    assert [each["name"] for each in client.get("/transfer").json()["teams"]] == ["moved"]


def test_changes_of_all_rows_need_all(project: Project) -> None:
    """A change without conditions is refused, unless `.all ()` asks for it."""
    assert project.do("UserLog.remove ().execute ()").startswith("AssertionError")
    assert project.do("UserLog.remove (id = 0).execute ().commit ()") is None


def test_queries_belong_to_requests(project: Project) -> None:
    """Outside of requests there is no data source, and the error says so."""
    code = "try: User.get ()\nexcept RuntimeError as error: print (error)"
    assert "no request is being handled here" in project.orm(code)


def test_models_may_be_imported_first(serve: Serve) -> None:
    """A launch script may import models before anything has set Django up: the alias names the settings."""
    script = """
        import skitai
        from atila import Atila

        skitai.alias ("@rdb", skitai.DJANGO, "project/settings.py")
        from shop.models import User
        app = Atila (__name__)

        @app.route ("/")
        def index (was):
            return str (User.get (team = 3))

        skitai.mount ("/", app)
        skitai.run ()
    """
    models = """
        from django.db import models
        from atila.patches.djangopatch import Model

        class User (Model):
            team = models.ForeignKey ("Team", on_delete = models.CASCADE)

        class Team (Model):
            name = models.CharField (max_length = 8)
    """
    settings = SETTINGS.format(database=SQLITE)
    files = {**FILES, "project/settings.py": settings, "shop/models.py": models, "shop/admin.py": ""}
    app = serve(script, files=files)
    assert app.client.get("/").text == "SELECT * FROM shop_user\nWHERE team_id = 3"


# -- Django's own -------------------------------------------------------------------------------------------


def test_migrations(project: Project) -> None:
    """Migrations are Django's: the models' tables are there, and nothing is left to migrate."""
    assert "0001_initial" in project.manage("showmigrations", "shop")
    assert "No changes detected" in project.manage("makemigrations", "--check", "--dry-run", "shop")
    assert "no issues" in project.manage("check")


def test_admin(project: Project) -> None:
    """The admin is mounted as a WSGI app: one can sign in, and see and change what tasks have written."""
    user = fresh(project, "administered")
    with httpx.Client(base_url=project.server.url, follow_redirects=True, timeout=20) as browser:
        assert browser.get("/admin").url.path == "/admin/login/"
        token = browser.cookies["csrftoken"]
        form = {"username": "root", "password": "secret", "csrfmiddlewaretoken": token, "next": "/admin/"}
        home = browser.post("/admin/login/", data=form)
        assert home.url.path == "/admin/"
        assert "Site administration" in home.text
        assert "administered" in browser.get("/admin/shop/user/").text
        page = browser.get(f"/admin/shop/user/{user['id']}/change/")
        assert 'value="administered"' in page.text
        made = browser.post(
            "/admin/shop/team/add/",
            data={"name": "blue", "csrfmiddlewaretoken": browser.cookies["csrftoken"]},
        )
        assert made.url.path == "/admin/shop/team/"
    assert project.do("Team.get (name = 'blue').execute ().one ().name") == "blue"


def test_original_manager(project: Project) -> None:
    """`objects` is Django's own manager."""
    assert project.orm("print (type (User.objects).__name__)") == "Manager"

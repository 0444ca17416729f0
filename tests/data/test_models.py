"""Tests of atila_compat.data.models: foreign keys in queries over models."""

from __future__ import annotations

from typing import Any

import pytest

from atila_compat.data.builder import Builder
from atila_compat.data.conditions import Q
from atila_compat.data.engines import PGSQL

t = Builder(PGSQL)


class Team:
    """A model without foreign keys."""

    table = "team"
    fks: dict[str, tuple[str, Any]] = {}  # noqa: RUF012

    @classmethod
    def get_table_name(cls) -> str:
        """Name of the table."""
        return cls.table

    @classmethod
    def get_columns(cls) -> list[str]:
        """Names of the columns."""
        return ["id", "name"]

    @classmethod
    def get_pk(cls) -> str:
        """Name of the primary key."""
        return "id"

    @classmethod
    def get_fks(cls) -> dict[str, tuple[str, Any]]:
        """Foreign keys."""
        return cls.fks


class User(Team):
    """A member of a team."""

    table = "person"
    fks = {"team": ("team_id", Team)}  # noqa: RUF012


class Post(Team):
    """Written by a user."""

    table = "post"
    fks = {"user": ("user_id", User), "editor": ("editor_id", User)}  # noqa: RUF012


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (t.select(Post), "SELECT * FROM post"),
        (t.select(Post, "p"), "SELECT * FROM post AS p"),
        (t.select(Post).filter(user=3), "SELECT * FROM post\nWHERE user_id = 3"),
        (t.select(Post).filter(user__in=[3]), "SELECT * FROM post\nWHERE user_id IN (3)"),
        (t.select(Post).filter(this__id=3), "SELECT * FROM post\nWHERE post.id = 3"),
        (t.select(Post, "p").filter(this__user=3), "SELECT * FROM post AS p\nWHERE p.user_id = 3"),
        (
            t.select(Post).filter(Q(user=3) | Q(this__id=3)),
            "SELECT * FROM post\nWHERE (user_id = 3 OR post.id = 3)",
        ),
        (t.select(Post).exclude(~Q(user=3)), "SELECT * FROM post\nWHERE NOT (NOT (user_id = 3))"),
        (t.select(Post).get("user", "title"), "SELECT user_id, title FROM post"),
        (
            t.select(Post).get("user as u", "user, editor"),
            "SELECT user_id as u, user_id, editor_id FROM post",
        ),
        (t.select(Post).get("p.user", "'user'"), "SELECT p.user, 'user' FROM post"),
        (
            t.select(Post).order_by("-user", "-count(user)"),
            "SELECT * FROM post\nORDER BY user_id DESC, count(user_id) DESC",
        ),
        (t.select(Post).group_by("user"), "SELECT * FROM post\nGROUP BY user_id"),
        (t.select(Post).aggregate("count(user)"), "SELECT count(user_id) FROM post"),
        (
            t.select(Post).join_related("user", "u").filter(u__name="x"),
            "SELECT * FROM post\nINNER JOIN person AS u ON post.user_id = u.id\nWHERE u.name = 'x'",
        ),
        (
            t.select(Post, "p").left_join_related("user", "u").right_join_related("user__team", "t"),
            (
                "SELECT * FROM post AS p\nLEFT OUTER JOIN person AS u ON p.user_id = u.id\n"
                "RIGHT OUTER JOIN team AS t ON u.team_id = t.id"
            ),
        ),
        (
            t.select(Post).full_join_related("user__team", "t"),
            (
                "SELECT * FROM post\nFULL OUTER JOIN person AS person ON post.user_id = person.id\n"
                "FULL OUTER JOIN team AS t ON person.team_id = t.id"
            ),
        ),
        (t.select(Post).cross_related("user", "u"), "SELECT * FROM post\nCROSS JOIN person AS u"),
        (
            t.update(Post).from_related("user", "u").set(title=1).filter(u__id=3),
            "UPDATE post SET title = 1\nFROM person AS u\nWHERE post.user_id = u.id AND u.id = 3",
        ),
        (t.insert(Post).set(user=1, title="x"), "INSERT INTO post (user_id, title) VALUES (1, 'x')"),
        (t.update(Post).set(user=1).filter(id=3), "UPDATE post SET user_id = 1\nWHERE id = 3"),
        (
            t.delete(Post).filter(user=3).returning("user"),
            "DELETE FROM post\nWHERE user_id = 3\nRETURNING user_id",
        ),
        (
            t.select(Post).join(User, "u", "u.id = user_id"),
            "SELECT * FROM post\nINNER JOIN person AS u ON u.id = user_id",
        ),
        (t.select("foo").filter(this__id=3), "SELECT * FROM foo\nWHERE this.id = 3"),
        (t.select("foo").get("a").into(Post, "id"), "INSERT INTO post (id)\nSELECT a FROM foo"),
    ],
)
def test_foreign_keys_are_columns(query: Any, expected: str) -> None:
    """The name of a foreign key stands for its column, `this__` for the model's table, joins follow keys."""
    assert str(query) == expected


def test_only_foreign_keys_can_be_followed() -> None:
    """A query without a model, and a name that is no foreign key, are refused."""
    with pytest.raises(AssertionError, match="model"):
        t.select("foo").join_related("user", "u")
    with pytest.raises(KeyError, match="user, editor"):
        t.select(Post).join_related("nope", "n")


def test_a_clone_joins_on_its_own() -> None:
    """Joins of a clone are unknown to the query that it came from."""
    root = t.select(Post)
    root.clone().join_related("user", "u")
    assert "person AS person" in str(root.join_related("user__team", "t"))

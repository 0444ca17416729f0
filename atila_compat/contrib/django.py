"""Django models whose queries are tasks: `from atila.patches.djangopatch import Model` (spec/08 section 3).

class User(Model):
    uid = models.CharField(max_length=32)

User.get(uid="a").execute()                         a task, as was.db("@rdb").select("user")... is
User.add({"uid": "a"}).returning("*").execute()     checked by the fields, their defaults filled in

Migrations, `objects` and the admin are Django's own.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from ..context import get_was
from ..data.conditions import Condition, Q
from ..data.expressions import D
from ..data.query import Query
from ..data.writer import Fragment
from ..errors import MissingExtra

try:
    import django
    from django.apps import apps
    from django.db import models
except ImportError:
    raise MissingExtra("atila.patches.djangopatch", "django") from None

from .django_fields import columns_of, field_of, prepared, validated

if TYPE_CHECKING:
    from ..data.builder import With

if not apps.apps_ready and not apps.loading and os.environ.get("DJANGO_SETTINGS_MODULE"):
    # models may be imported by a launch script, before anything has set Django up
    django.setup()


class ModelQuery(Query):
    """A query over a model: what is written is checked by its fields; their names are those of columns."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        naming = self.parts.naming
        for field in columns_of(naming.model):
            if field.name != field.column:
                naming.foreign.setdefault(field.name, (field.column, None))

    def set(self, data: Mapping[str, Any] | D | None = None, /, **values: Any) -> Self:
        """The values of an insert or update; an insert's first ones have to be complete.

        Raises django.core.exceptions.ValidationError for values that the fields refuse.
        """
        given = data.data if isinstance(data, D) else data
        parts = self.parts
        create = parts.verb == "insert" and not parts.data
        checked = validated(parts.naming.model, {**(given or {}), **values}, create)
        return super().set({name: self._stored(name, value) for name, value in checked.items()})

    data = set  # noqa: A003

    def filter(self, *conditions: Any, **operators: Any) -> Self:
        """Add conditions; see Query.filter."""
        return super().filter(*map(self._condition, conditions), **self._values(operators))

    def exclude(self, *conditions: Any, **operators: Any) -> Self:
        """Add `NOT (...)` around conditions; see Query.exclude."""
        return super().exclude(*map(self._condition, conditions), **self._values(operators))

    def _stored(self, key: str, value: Any) -> Any:
        return prepared(field_of(self.parts.naming.model, key), value, self.engine)

    def _values(self, operators: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self._stored(key, value) for key, value in operators.items()}

    def _condition(self, condition: Any) -> Any:
        """A condition whose values are in the form that the database has them in."""
        if not isinstance(condition, Q):
            return condition
        made = Q()
        made.joint, made.negated = condition.joint, condition.negated
        for term in condition.terms:
            if isinstance(term, Condition):
                made.terms.append(Condition(term.key, self._stored(term.key, term.value), term.names))
            else:
                made.terms.append(self._condition(term))
        return made


class Model(models.Model):  # type: ignore[misc]
    """Base of an app's models. Inside requests, hooks and events its class methods make queries.

    Attributes:
        _alias: the data source, defined by `skitai.alias("@rdb", skitai.DJANGO, "project/settings.py")`, or
            with a type and a member like any other.
    """

    query_class = ModelQuery
    _alias = "@rdb"

    class Meta:
        abstract = True

    # -- what the query builder knows of a model ------------------------------------------------------------

    @classmethod
    def get_table_name(cls) -> str:
        """The name of the table."""
        return str(cls._meta.db_table)

    @classmethod
    def get_columns(cls) -> list[str]:
        """The names of the columns, in the order of the fields."""
        return [field.column for field in columns_of(cls)]

    @classmethod
    def get_pk(cls) -> str:
        """The column of the primary key."""
        return str(cls._meta.pk.column)

    @classmethod
    def get_fks(cls) -> dict[str, tuple[str, Any]]:
        """Foreign keys by their names: column, and the model that it points to."""
        return {
            field.name: (field.column, _related(field))
            for field in columns_of(cls)
            if field.remote_field is not None
        }

    # -- queries --------------------------------------------------------------------------------------------

    @classmethod
    def db(cls, *args: Any, **options: Any) -> Any:
        """The data source, `was.db(alias)`, with its options.

        Raises RuntimeError outside of requests, hooks and events.
        """
        return get_was().db(cls._alias, *args, **options)

    @classmethod
    def transaction(cls) -> Any:
        """A connection of its own for several statements: `with User.transaction() as db:`; it waits."""
        return get_was().transaction(cls._alias)

    @classmethod
    def get(cls, *Qs: Any, **filters: Any) -> Any:  # noqa: N803 - the original's name
        """A query for rows; values of None are left out.

        Args:
            Qs: conditions, or a primary key: `User.get(3)`.
            filters: `name=value`, `name__operator=value`; names of foreign keys are those of their columns.
        """
        return cls.db().select(cls).filter(*cls._conditions(Qs), **filters)

    @classmethod
    def add(cls, data: Mapping[str, Any]) -> Any:
        """A query that adds a row; missing values are the fields' defaults.

        Raises ValidationError for values that the fields refuse, and for missing ones.
        """
        return cls.db().insert(cls).set(data)

    @classmethod
    def set(cls, data: Mapping[str, Any], *Qs: Any, **filters: Any) -> Any:  # noqa: N803
        """A query that changes rows; it needs conditions, or `.all()`.

        Raises ValidationError for values that the fields refuse.
        """
        return cls.db().update(cls).set(data).filter(*cls._conditions(Qs), **filters)

    @classmethod
    def remove(cls, *Qs: Any, **filters: Any) -> Any:  # noqa: N803
        """A query that removes rows; it needs conditions, or `.all()`."""
        return cls.db().delete(cls).filter(*cls._conditions(Qs), **filters)

    @classmethod
    def with_(cls, alias: str, cte: Any) -> With:
        """Name a query first: `User.with_("old", User.get(age__gt=90)).select("old")`."""
        made: With = cls.db().with_(alias, cte)
        return made

    @classmethod
    def fromcte(cls, alias: str) -> Any:
        """A query for the rows of a named query."""
        return cls.db().select(alias)

    @classmethod
    def alias(cls, tbl_alias: str) -> Any:
        """A query for rows, the table under another name."""
        return cls.db().select(cls, tbl_alias)

    @classmethod
    def validate(cls, payload: Mapping[str, Any], create: bool = False) -> dict[str, Any]:
        """The values to write, by column, defaults and times filled in.

        Args:
            create: whether a row is added, so that nothing may be missing.

        Raises ValidationError for values that the fields refuse.
        """
        return validated(cls, payload, create)

    @staticmethod
    def utcnow() -> datetime.datetime:
        """The time now, in UTC."""
        return datetime.datetime.now(datetime.UTC)

    @classmethod
    def _conditions(cls, given: tuple[Any, ...]) -> list[Any]:
        """Positional arguments: conditions stay, other values are the primary key."""
        return [
            each if each is None or isinstance(each, Fragment) else Q(**{cls.get_pk(): each})
            for each in given
        ]


class _Described:
    """A model as the query builder wants it: one that is no Model, or that is known by another column."""

    model: Any
    key: str

    @classmethod
    def get_table_name(cls) -> str:
        return str(cls.model._meta.db_table)

    @classmethod
    def get_columns(cls) -> list[str]:
        return [field.column for field in columns_of(cls.model)]

    @classmethod
    def get_pk(cls) -> str:
        return cls.key

    @classmethod
    def get_fks(cls) -> dict[str, tuple[str, Any]]:
        return {
            field.name: (field.column, _related(field))
            for field in columns_of(cls.model)
            if field.remote_field is not None
        }


def _related(field: Any) -> Any:
    """The model that a foreign key points to."""
    model, key = field.related_model, field.target_field.column
    if issubclass(model, Model) and model.get_pk() == key:
        return model
    return type(model.__name__, (_Described,), {"model": model, "key": key})

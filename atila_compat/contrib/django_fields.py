"""What the fields of a Django model say of values that are written (spec/08 section 3)."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.fields import NOT_PROVIDED

from ..data.conditions import split_key
from ..data.engines import SQLITE
from ..data.query import Query
from ..data.writer import Fragment

_TYPES: tuple[tuple[Any, tuple[type, ...], str], ...] = (
    (models.CharField, (str,), "string"),
    (models.BooleanField, (bool,), "boolean"),
    (models.IntegerField, (int,), "integer"),
    (models.FloatField, (float,), "float"),
    (models.DateTimeField, (datetime.datetime,), "datetime"),
    (models.DateField, (datetime.date,), "date"),
    (models.TimeField, (datetime.time,), "time"),
    (models.UUIDField, (uuid.UUID, str), "uuid"),
    (models.DecimalField, (Decimal, int, float, str), "decimal"),
)
"""Fields, the types that they take, and what these are called in messages; the first that fits counts."""


def columns_of(model: Any) -> list[Any]:
    """The fields of a model that are columns of its own table."""
    own = [field for field in model._meta.local_concrete_fields if field.column]
    # fields of a proxy are those of the model that it stands for
    return own or [field for field in model._meta.concrete_fields if field.column]


def field_of(model: Any, key: str) -> Any:
    """The field that a keyword such as `user`, `user_id`, `this__user__in` means; None where it is none's."""
    name = split_key(key)[0].removeprefix("this__")
    for field in columns_of(model):
        if name in (field.name, field.attname, field.column):
            return field
    return None


def validated(model: Any, payload: Mapping[str, Any], create: bool) -> dict[str, Any]:
    """The values to write, by column: checked, defaults and times of a new row filled in.

    Args:
        payload: values by the names of fields or columns; keys of other tables, with two low dashes, stay.
        create: whether a row is added, so that nothing may be missing.

    Raises ValidationError for the first value that its field refuses.
    """
    now = datetime.datetime.now(datetime.UTC)
    made: dict[str, Any] = {}
    for key, value in payload.items():
        field = field_of(model, key)
        if field is None or getattr(field, "generated", False):
            if "__" not in key:
                raise ValidationError(f"field {key} is not valid field")
            made[key] = value
        elif _is_automatic(field, create):
            made[field.column] = _moment(field, now)
        else:
            made[field.column] = checked(field, value)
    for field in columns_of(model):
        if field.column in made:
            continue
        if _is_automatic(field, create):
            made[field.column] = _moment(field, now)
        elif create and _is_expected(field):
            if not field.has_default():
                raise ValidationError(f"field {field.column} is missing")
            made[field.column] = field.get_default()
    return made


def _is_automatic(field: Any, create: bool) -> bool:
    return bool(getattr(field, "auto_now", False) or (create and getattr(field, "auto_now_add", False)))


def _is_expected(field: Any) -> bool:
    """Whether a new row needs a value that the database does not make."""
    if getattr(field, "generated", False) or isinstance(field, models.AutoField):
        return False
    if getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED and field.default is NOT_PROVIDED:
        return False
    return not field.null or bool(field.has_default())


def _moment(field: Any, now: datetime.datetime) -> Any:
    if isinstance(field, models.DateTimeField):
        return now
    return now.date() if isinstance(field, models.DateField) else now.time()


def checked(field: Any, value: Any) -> Any:
    """A value in the form that its field has it in.

    Raises ValidationError where the field refuses it.
    """
    name = field.column
    if isinstance(value, Query):
        return value
    if value == "" and isinstance(value, str):
        if field.null:
            return None
        if not field.blank:
            raise ValidationError(f"field {name} should not be blank")
        return value
    if value is None:
        if not field.null:
            raise ValidationError(f"field {name} should not be NULL")
        return value
    value = _typed(field, value)
    if isinstance(value, Fragment):
        return value
    if field.choices and value not in dict(field.flatchoices):
        raise ValidationError(f"field {name} has invalid value")
    field.run_validators(value)
    return value


def _typed(field: Any, value: Any) -> Any:
    """A value of the field's type."""
    found = next((entry for entry in _TYPES if isinstance(field, entry[0])), None)
    if found is None:
        return value
    _, types, name = found
    wrong = ValidationError(f"field {field.column} type should be {name}")
    if not isinstance(value, types):
        raise wrong
    typed: Any = value
    try:
        if name == "integer":
            typed = int(typed)
        elif name == "uuid" and isinstance(typed, str):
            typed = uuid.UUID(typed)
        elif name == "decimal" and not isinstance(typed, Decimal):
            typed = Decimal(str(typed))
    except (ValueError, InvalidOperation):
        raise wrong from None
    return typed.date() if name == "date" and isinstance(typed, datetime.datetime) else typed


def prepared(field: Any, value: Any, engine: str) -> Any:
    """A value, or several, as Django has them in the database; on PostgreSQL as they are.

    Args:
        field: None where it is not known.
    """
    if engine != SQLITE or isinstance(value, (str, Fragment)) or value is None:
        return value
    if isinstance(value, (list, tuple)) and not isinstance(field, models.JSONField):
        return type(value)(prepared(field, each, engine) for each in value)
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime.timedelta):
        return value // datetime.timedelta(microseconds=1)
    if isinstance(value, datetime.datetime):
        return value if value.tzinfo is None else value.astimezone(datetime.UTC).replace(tzinfo=None)
    if isinstance(value, datetime.date) and not isinstance(field, models.DateTimeField | None):
        return value.isoformat()
    return value

"""Whatever a client sends, a check returns a failure or None (hypothesis)."""

from __future__ import annotations

import re
import warnings
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http._keywords import FIRST, LAST
from atila_compat.http._operators import OPERATORS
from atila_compat.http.validation import Failure, compile_check

from .asking import ask

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["1", "1~2", "a|b", "yes", "<script>", "a@b.com", "é", "0", " ", "\0", "9" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("bcd"), inner, max_size=3),
    max_leaves=6,
)
CONDITIONS: list[Any] = [1, 2.5, "x", True, None, b"x", (1, 5), ["x"], [], {"x"}, {"k": 1}, range(3)]


def _every_rule() -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = [{keyword: ["a", "b"]} for keyword in (*FIRST, *LAST)]
    rules += [{"a": condition} for condition in (int, (int, str), int | None, re.compile("x"), "x", None, 3)]
    for path in ("a", "a___b", "a___b__0", "a__1", "a__0___b___c"):
        rules.append({path: int})
        for operator in OPERATORS:
            for condition in CONDITIONS:
                for function in ("", "__len"):
                    rule = {f"{path}{function}__{operator}": condition}
                    with warnings.catch_warnings(record=True) as mistakes:
                        warnings.simplefilter("always")
                        compile_check("ARGS", None, rule)
                    if not mistakes:
                        rules.append(rule)
    return rules


RULES = [
    compile_check("ARGS", None, rule) if "required" not in rule else compile_check("ARGS", rule["required"])
    for rule in _every_rule()
]
SCOPES = [
    compile_check(scope, "a", {"ints": "b", "a___b__gte": 1})
    for scope in ("ARGS", "URL", "FORM", "DATA", "JSON", "GET", "DELETE", "POST", "PUT", "PATCH")
]


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, max_size=3), st.data())
def test_no_json_object_makes_a_check_raise(body: dict[str, Any], data: st.DataObject) -> None:
    """Every rule answers every object with a failure or None, and the call's arguments stay the same ones."""
    for check in data.draw(st.lists(st.sampled_from(RULES), min_size=1, max_size=60)):
        request = ask(json=body)
        called_with = dict(request.ARGS)
        failure = check(request, called_with)
        assert failure is None or (isinstance(failure, Failure) and failure.text)
        assert called_with.keys() == body.keys()


@given(VALUES, st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]), st.booleans())
def test_no_body_makes_a_scope_raise(body: Any, method: str, is_json: bool) -> None:
    """Every scope takes every method with every body."""
    media = "application/json" if is_json else "text/plain"
    for check in SCOPES:
        request = ask("b=1", method=method, json=body, headers={"Content-Type": media})
        if not isinstance(request.DATA, dict):
            # Such a body is refused before any check; a check still has to stand it.
            request.__dict__["ARGS"] = {}
        failure = check(request, {})
        assert failure is None or failure.scope in ("ARGS", "URL", "FORM", "DATA", "JSON")


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=30), max_size=2))
def test_no_form_makes_a_check_raise(form: dict[str, str]) -> None:
    """Every rule answers every form."""
    for check in RULES:
        check(ask(form=form), dict(form))

"""`@app.inspect`: refuses calls with missing or bad parameters before the handler sees them (spec/03).

The checks themselves are in `http/validation.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..http.validation import ERROR_CODE, compile_check, sort_rules
from ..routing.resource import resource_of, wrap
from ..types import Handler


class Validation:
    """The part of an app that validates parameters (README "Parameter and Validation")."""

    def inspect(
        self, scope: str = "ARGS", required: Any = None, **rules: Any
    ) -> Callable[[Handler], Handler]:
        """Check and convert parameters; stands below `@app.route`, several may be stacked.

        A call that violates a rule is answered with 400, code 40050 and the rule's text; the handler is not
        called. Names may be given as a list or as a text separated by blanks.

        Args:
            scope: where to look: `ARGS` (all parameters), `URL`, `FORM`, `JSON`, `DATA`; or a method, then
                others are not inspected (spec/03 section 2).
            required: parameters that may not be missing or empty.
            rules: `ints`, `floats`, `strings`, `booleans`, `lists`, `dicts`, `ranges`, `emails`, `uuids`,
                `notags`, `safes`, `nones`, `oneof`, `manyof`, each with names (spec/03 section 5);
                `name = int`, `name = re.compile(...)`, `name = value`, `name__between = (1, 5)` and the other
                operators, `name__len__lte = 8` (section 6), `name___key__0__gte = 3` inside JSON (section 7).

        A rule that could never work, such as one with a misspelt operator, is a warning when the handler is
        declared, and 502 for calls that send its parameter.
        """

        def decorate(func: Handler) -> Handler:
            resource = resource_of(func)
            check = compile_check(scope, required, rules, resource.args)
            keywords, parameters = sort_rules(required, rules)
            documented = resource.parameter_requirements.setdefault(scope, {})
            documented.update({name: list(names) for name, names in keywords.items()})
            documented.update(parameters)

            def wrapper(was: Any, /, *args: Any, **called_with: Any) -> Any:
                failure = check(was.request, called_with)
                if failure is not None:
                    return was.response.adaptive_error(
                        "400 Bad Request", failure.message, ERROR_CODE, failure.text
                    )
                return func(was, *args, **called_with)

            return wrap(func, wrapper)

        return decorate

    require = parameters_required = params_required = test_params = inspect

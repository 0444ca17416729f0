"""`@app.error_handler` and its relatives (spec/05 section 7)."""

from __future__ import annotations

from collections.abc import Callable

from ..types import Handler


class ErrorHandlers:
    """The part of an app that makes its own error pages.

    Attributes:
        error_handlers: handler by status code; 0 is the default one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.error_handlers: dict[int, Handler] = {}

    def add_error_handler(self, code: int, func: Handler) -> None:
        """Answer errors with this status code by `func(was, error)`; 0 for those without a handler."""
        self.error_handlers[code] = func

    def error_handler(self, code: int) -> Callable[[Handler], Handler]:
        """Answer errors with this status code by the decorated `handler(was, error)` (README)."""

        def decorate(func: Handler) -> Handler:
            self.add_error_handler(code, func)
            return func

        return decorate

    errorhandler = error_handler

    def default_error_handler(self, func: Handler) -> Handler:
        """Answer all other errors by the decorated `handler(was, error)` (README)."""
        self.add_error_handler(0, func)
        return func

    defaulterrorhandler = default_error_handler

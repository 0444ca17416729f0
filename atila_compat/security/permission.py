"""Who may do what: login, staff and permission checks around handlers (spec/05 sections 9 and 10).

The checks themselves are the app's: `@app.login_handler`, `@app.staff_member_check_handler` and
`@app.permission_handler`. All decorators for handlers stand below `@app.route`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import HTTPError
from ..routing.resource import resource_of, wrap
from ..types import Handler
from ._checks import settled

if TYPE_CHECKING:
    from ..was import Was

Perms = str | Iterable[str] | None

ME, NOT_ME = "me", "notme"
METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH"})


def as_set(perms: Perms) -> frozenset[str]:
    """Permissions as declared: nothing, a name, or several."""
    if not perms:
        return frozenset()
    return frozenset((perms,)) if isinstance(perms, str) else frozenset(perms)


class Requirement:
    """What `permission_required` asks of a request.

    Args:
        default: what is needed where nothing more specific applies.
        specific: by method (`DELETE = ["admin"]`), or by the name of an argument that names somebody: needed
            unless it is missing or `me`.
    """

    __slots__ = ("by_argument", "by_method", "default")

    def __init__(self, default: Perms, specific: Mapping[str, Perms]) -> None:
        self.default = as_set(default)
        self.by_method = {name: as_set(perms) for name, perms in specific.items() if name in METHODS}
        self.by_argument = {name: as_set(perms) for name, perms in specific.items() if name not in METHODS}

    def needed(self, method: str, *sources: Mapping[str, Any]) -> set[str]:
        """The permissions that a request needs.

        Args:
            method: of the request.
            sources: where arguments are looked up: what the handler is called with, and what was sent. Both
                count: a body that the handler does not get must not hide whom the path names.

        Raises HTTPError 421 for a write to `notme`, that is to all others.
        """
        needed: set[str] = set()
        for name, perms in self.by_argument.items():
            values = [source.get(name) for source in sources]
            if method not in ("GET", "OPTIONS") and NOT_ME in values:
                raise HTTPError("421 Method Not Allowed")
            if any(value is not None and value not in ("", ME) for value in values):
                needed |= perms
                break
        needed |= self.by_method.get(method, frozenset())
        return needed or set(self.default)


class Permission:
    """The part of an app that lets people pass, or not."""

    def __init__(self) -> None:
        super().__init__()
        self._login_handler: Handler | None = None
        self._staff_handler: Handler | None = None
        self._permission_handler: Handler | None = None

    # -- the app's checks -----------------------------------------------------------------------------------

    def login_handler(self, func: Handler) -> Handler:
        """Let the decorated `func(was)` say whether somebody has signed in.

        What it returns, if not None, is the answer (a redirection to sign in, say); or it raises `was.Error`.
        """
        self._login_handler = func
        return func

    def staff_member_check_handler(self, func: Handler) -> Handler:
        """Let the decorated `func(was)` say whether somebody is staff; as `login_handler`."""
        self._staff_handler = func
        return func

    def permission_check_handler(self, func: Handler) -> Handler:
        """Let the decorated `func(was, perms)` say whether somebody has one of a set of permissions (README).

        An empty set means: anybody whom the app knows. What is returned or raised is as for `login_handler`.
        """
        self._permission_handler = func
        return func

    permission_handler = permission_check_handler

    def check_login(self, was: Was) -> Any:
        """What the login handler says: None lets pass. RuntimeError where the app has none."""
        return settled(self._check("login_handler", self._login_handler)(was), was)

    def check_staff(self, was: Was) -> Any:
        """What the handler for staff members says, as `check_login`."""
        return settled(self._check("staff_member_check_handler", self._staff_handler)(was), was)

    def check_permission(self, was: Was, needed: set[str]) -> Any:
        """What the permission handler says of one who needs one of these permissions, as `check_login`."""
        return settled(self._check("permission_handler", self._permission_handler)(was, needed), was)

    # -- around handlers ------------------------------------------------------------------------------------

    def login_required(self, func: Handler) -> Handler:
        """Let only those pass whom the login handler lets pass."""
        resource_of(func).auth_requirements.append(("login", None))

        return _guarded(func, self.check_login)

    def staff_member_required(self, func: Handler) -> Handler:
        """Let only staff pass."""
        resource_of(func).auth_requirements.append(("staff", None))

        return _guarded(func, self.check_staff)

    def permission_required(self, perms: Perms = None, **specific: Perms) -> Callable[[Handler], Handler]:
        """Let only those pass whom the permission handler grants what is needed (README "Permission").

            @app.permission_required(["user"], id=["staff"], DELETE=["admin"])

        needs `user`; `staff` where the argument `id` names somebody else than `me`; and `admin` for DELETE,
        together with what `id` asks for.

        Args:
            perms: a permission, or several of which one is enough; none: whoever is known.
            specific: permissions by method or by argument, in place of `perms`.
        """
        requirement = Requirement(perms, specific)

        def decorate(func: Handler) -> Handler:
            resource_of(func).auth_requirements.append(("permission", sorted(requirement.default)))

            def wrapper(was: Was, *args: Any, **kwargs: Any) -> Any:
                request = was.request
                needed = requirement.needed(request.method, kwargs, request.ARGS or {})
                refusal = self.check_permission(was, needed)
                return func(was, *args, **kwargs) if refusal is None else refusal

            return wrap(func, wrapper)

        return decorate

    def clarify_login(self, func: Handler) -> Handler:
        """Let the login handler find out who asks, and let everybody pass."""

        def check(was: Was) -> Any:
            return self._check("login_handler", self._login_handler)(was)

        return _clarified(func, check)

    def clarify_permission(self, func: Handler) -> Handler:
        """Let the permission handler find out who asks, and let everybody pass."""

        def check(was: Was) -> Any:
            return self._check("permission_handler", self._permission_handler)(was, [])

        return _clarified(func, check)

    @staticmethod
    def _check(name: str, handler: Handler | None) -> Handler:
        if handler is None:
            raise RuntimeError(f"this resource needs @app.{name}, and the app has none")
        return handler


def _guarded(func: Handler, check: Callable[[Was], Any]) -> Handler:
    def wrapper(was: Was, *args: Any, **kwargs: Any) -> Any:
        refusal = check(was)
        return func(was, *args, **kwargs) if refusal is None else refusal

    return wrap(func, wrapper)


def _clarified(func: Handler, check: Callable[[Was], Any]) -> Handler:
    def wrapper(was: Was, *args: Any, **kwargs: Any) -> Any:
        response = was.response
        before = (response.status_code, response.reason, list(response.headers))
        try:
            refused = settled(check(was), was) is not None
        except HTTPError:
            refused = True
        if refused:  # a redirection to the sign-in page, say, that nobody is going to follow
            response.status_code, response.reason, response.headers[:] = before
        return func(was, *args, **kwargs)

    return wrap(func, wrapper)

"""The part of `was` that starts tasks (README "Using Task" and "Making Response")."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from ..state import state
from . import answers, cache, local
from .database import open_database
from .group import Mask, Tasks
from .remote import CallOptions, RemoteTask
from .streams import Queue
from .task import Task, tasks_of

if TYPE_CHECKING:
    from ..app import Atila
    from ..http.request import Request
    from ..http.response import Response
    from ..serving.runtime import Runtime
    from ..was import Was
    from .grpc import GRPCStub
    from .http import Credentials, Headers
    from .proxy import ProxyPass
    from .rpc import JSONRPCStub, XMLRPCStub
    from .stubs import Stub

P = ParamSpec("P")
R = TypeVar("R")


class AtilaDeprecationWarning(UserWarning):
    """A name of the original that had been replaced there already."""


class _Bound(Generic[P, R]):
    """`was.get`: called as it is, or as `was.get.lb` and `was.get.map`."""

    def __init__(self, function: Callable[..., R], was: Any) -> None:
        self._function = function
        self._was = was

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._function(self._was, *args, **kwargs)

    lb = __call__
    """The same: an alias is balanced anyway (spec/06 section 1)."""

    def map(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Every server of the alias is called."""
        return self._function(self._was, *args, _to_all=True, **kwargs)


class spread(Generic[P, R]):  # noqa: N801 - a decorator
    """Gives a method of `was` the variants `lb` and `map`."""

    def __init__(self, function: Callable[P, R]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, was: None, owner: type) -> spread[P, R]: ...
    @overload
    def __get__(self, was: object, owner: type) -> _Bound[..., R]: ...
    def __get__(self, was: Any, owner: type) -> spread[P, R] | _Bound[..., R]:
        return self if was is None else _Bound(self._function, was)


def _call(method: str) -> spread[..., Any]:
    def start(
        was: Was,
        uri: str = "",
        data: Any = None,
        auth: Credentials = None,
        headers: Headers | None = None,
        meta: dict[str, Any] | None = None,
        use_cache: bool | str | Iterable[str] = True,
        rm_cache: str | Iterable[str] | None = None,
        filter: Callable[[Any], Any] | None = None,  # noqa: A002 - the original's name
        callback: Callable[[Any], Any] | None = None,
        cache: float | None = None,
        timeout: float | None = None,
        stream: bool = False,
        _to_all: bool = False,
    ) -> Any:
        content_type, accept = was.app.config.get("default_request_type") or (
            "application/json",
            "*/*" if method in ("OPTIONS", "TRACE") else "application/json",
        )
        from . import http  # HTTP clients are loaded with the first call

        return http.call(
            was,
            method,
            uri,
            data,
            auth=auth,
            headers=headers,
            options=CallOptions(meta, use_cache, rm_cache, filter, callback, cache, timeout),
            default_type=content_type,
            default_accept=accept,
            to_all=_to_all,
            stream=stream,
        )

    start.__name__ = method.lower()
    start.__doc__ = f"""{method} to an HTTP server (spec/06 section 1).

    Args:
        uri: `"@alias/path"` or an absolute URL.
        data: body; a dict becomes query parameters where the method has no body.
        auth: (user, password), sent when the server asks; a str is sent as a bearer token.
        headers: over the defaults, which ask for JSON and send it.
        meta: notes, found again as `task.meta`.
        use_cache: whether a kept result will do; names whose changes outdate it.
        rm_cache: names of what this call changes.
        filter: `data -> data`.
        callback: called with the result at the end.
        cache: seconds to keep the result.
        timeout: seconds that the call may take; 10 by default (`skitai.set_backend`).
        stream: `fetch()` gives the body as it arrives, an iterator of bytes.

    Raises AssertionError without a URI, KeyError for an unknown alias.
    """
    return spread(start)


class TaskFactory:
    """Starts tasks: `was.Thread`, `was.get`, `was.db` and their relatives."""

    if TYPE_CHECKING:
        app: Atila
        request: Request
        response: Response
        runtime: Runtime

        @property
        def ID(self) -> int: ...  # noqa: N802

    # -- on this machine ------------------------------------------------------------------------------------

    def Thread(self, target: Callable[..., Any], /, *args: Any, **kwargs: Any) -> local.ThreadTask:  # noqa: N802
        """Run `target` in a thread for tasks.

        With positional arguments all of them go to `target`. Without: `args`, `kwargs`, `filter`, `meta`,
        `timeout` (seconds to wait for it) are taken out; others go to `target` unless `kwargs` is given.
        """
        return local.thread(self._was, target, args, kwargs)

    def Process(self, target: Callable[..., Any], /, *args: Any, **kwargs: Any) -> local.ProcessTask:  # noqa: N802
        """Run `target`, which can be pickled, in a child process; arguments as for `Thread`.

        When `timeout` has passed the process is killed.
        """
        return local.process(self._was, target, args, kwargs)

    def Subprocess(  # noqa: N802
        self,
        cmd: str,
        meta: dict[str, Any] | None = None,
        filter: Callable[[Any], Any] | None = None,  # noqa: A002
        timeout: float | None = 300,
    ) -> local.SubprocessTask:
        """Run a shell command; the data is its standard output as text.

        Args:
            timeout: seconds; then everything that the command has started is ended, and `fetch` raises
                concurrent.futures.TimeoutError.

        Another exit code than 0 is raised as SystemError("code:3 <standard error>"). Never build `cmd` from
        what a client sent.
        """
        return local.shell_command(self._was, cmd, meta, filter, timeout)

    def Mask(  # noqa: N802
        self,
        data: Any = None,
        _expt: BaseException | None = None,
        _status_code: int | None = None,
        meta: dict[str, Any] | None = None,
        keys: list[str] | None = None,
    ) -> Mask:
        """A value that passes for a task that has ended."""
        return Mask(data, _expt, _status_code, {**(meta or {}), "__was_id": self.ID}, keys)

    def Tasks(  # noqa: N802
        self, *tasks: Any, timeout: float | None = None, meta: dict[str, Any] | None = None, **named: Any
    ) -> Tasks:
        """Several tasks as one (README "Tasks").

        Args:
            tasks: tasks, or a list of them.
            timeout: seconds for all together; by default each has its own.
            named: tasks by name; other values are results as they are.
        """
        return Tasks(*tasks, timeout=timeout, meta={**(meta or {}), "__was_id": self.ID}, **named)

    @property
    def tasks_of_request(self) -> list[Task]:
        """The tasks of this request that somebody still holds, or that still run."""
        return tasks_of(self._was)

    @property
    def _was(self) -> Was:
        return self  # type: ignore[return-value]

    # -- HTTP and RPC ---------------------------------------------------------------------------------------

    get = _call("GET")
    delete = _call("DELETE")
    options = _call("OPTIONS")
    trace = _call("TRACE")
    post = _call("POST")
    put = _call("PUT")
    patch = _call("PATCH")
    upload = _call("UPLOAD")

    @spread
    def stub(
        self,
        base: str = "",
        headers: Headers | None = None,
        auth: Credentials = None,
        *,
        stream: bool = False,
        _to_all: bool = False,
        **options: Any,
    ) -> Stub:
        """Calls to one server under a common path: `with was.stub("@api/v1") as stub: stub.get("/rows")`.

        Args:
            options: `meta`, `use_cache`, `rm_cache`, `filter`, `callback`, `cache`, `timeout` of all calls.
        """
        from .stubs import Stub

        return Stub(
            self._was, base, headers, auth, options=CallOptions(**options), to_all=_to_all, stream=stream
        )

    @spread
    def xmlrpc(
        self,
        uri: str = "",
        headers: Headers | None = None,
        auth: Credentials = None,
        *,
        _to_all: bool = False,
        **options: Any,
    ) -> XMLRPCStub:
        """Calls to an XML-RPC server: `was.xmlrpc("@api/rpc2").math.add(1, 2).fetch()`."""
        from .rpc import XMLRPCStub

        return XMLRPCStub(
            self._was, uri, headers=headers, auth=auth, options=CallOptions(**options), to_all=_to_all
        )

    rpc = xmlrpc

    @spread
    def jsonrpc(
        self,
        uri: str = "",
        headers: Headers | None = None,
        auth: Credentials = None,
        *,
        _to_all: bool = False,
        **options: Any,
    ) -> JSONRPCStub:
        """Calls to a JSON-RPC server, as `xmlrpc`."""
        from .rpc import JSONRPCStub

        return JSONRPCStub(
            self._was, uri, headers=headers, auth=auth, options=CallOptions(**options), to_all=_to_all
        )

    @spread
    def grpc(self, uri: str = "", *, _to_all: bool = False, **options: Any) -> GRPCStub:
        """Calls to a gRPC service: `was.grpc("@api/package.Service").Method(message).fetch()`."""
        from .grpc import GRPCStub  # the library is an extra

        if _to_all:
            raise TypeError(
                "was.grpc has no map: give each server an alias of its own and group the calls, "
                'was.Tasks([was.grpc(f"{alias}/package.Service").Method(message) for alias in aliases])'
            )
        return GRPCStub(self._was, uri, options=CallOptions(**options))

    # -- data sources ---------------------------------------------------------------------------------------

    @spread
    def db(self, alias: str = "", *args: Any, _to_all: bool = False, **options: Any) -> Any:
        """A data source: SQL, Redis, MongoDB or an interface of the app's own (README "Using Task").

        Args:
            alias: `"@alias"`, or a server with `dbtype` (spec/06 section 1.1).
            options: `use_cache`, `rm_cache`, `filter`, `callback`, `cache`, `timeout`, `meta`, and
                `transaction` or `cursor` for a synchronous connection.
        """
        return open_database(self._was, alias, *args, to_all=_to_all, **options)

    backend = asyncon = db

    @spread
    def postgresql(self, alias: str = "", *args: Any, _to_all: bool = False, **options: Any) -> Any:
        """A PostgreSQL database, as `db`."""
        return open_database(self._was, alias, *args, dbtype="*postgresql", to_all=_to_all, **options)

    @spread
    def sqlite3(self, alias: str = "", *args: Any, _to_all: bool = False, **options: Any) -> Any:
        """An SQLite file, as `db`; also by its path."""
        return open_database(self._was, alias, *args, dbtype="*sqlite3", to_all=_to_all, **options)

    @spread
    def redis(self, alias: str = "", *args: Any, _to_all: bool = False, **options: Any) -> Any:
        """A Redis server, as `db`."""
        return open_database(self._was, alias, *args, dbtype="*redis", to_all=_to_all, **options)

    @spread
    def mongodb(self, alias: str = "", *args: Any, _to_all: bool = False, **options: Any) -> Any:
        """A MongoDB collection, as `db`."""
        return open_database(self._was, alias, *args, dbtype="*mongodb", to_all=_to_all, **options)

    def transaction(self, alias: str = "", *args: Any, **options: Any) -> Any:
        """A connection of its own for several statements: `with was.transaction("@db") as db:`."""
        return open_database(self._was, alias, *args, transaction=True, **options)

    def cursor(self, alias: str = "", *args: Any, **options: Any) -> Any:
        """A connection that waits for each statement."""
        return open_database(self._was, alias, *args, cursor=True, **options)

    sdb = cursor

    # -- answers that are made later ------------------------------------------------------------------------

    def Map(self, *args: Any, **named: Any) -> answers.Mapped:  # noqa: N802
        """Answer with the results of tasks when all are done (README "Map").

        Args:
            args: a status if there is one, then tasks that are run and dropped.
            named: tasks by name, with suffixes such as `user__one`; `__timeout`, `__maxage`, `__etag` and
                `__mtime` say how (spec/06 section 7).
        """
        return answers.make_map(args, named)

    def Mapped(self, *args: Any) -> answers.Mapped:  # noqa: N802
        """Answer with the results of a group: `was.Mapped(tasks)`, `was.Mapped("201 Created", tasks)`."""
        return answers.make_mapped(args)

    def render_or_Map(self, template: str, *args: Any, **named: Any) -> answers.Mapped:  # noqa: N802
        """As `Map` for clients that ask for JSON; for others, render a template with the results."""
        return answers.make_map(args, named, template)

    def render_or_Mapped(self, template: str, *args: Any) -> answers.Mapped:  # noqa: N802
        """As `Mapped` for clients that ask for JSON; for others, render a template with the results."""
        return answers.make_mapped(args, template)

    def ThreadPass(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> answers.ThreadPass:  # noqa: N802
        """Answer with what `func(was, *args)` returns, run in a thread; arguments as for `Thread`."""
        positional, named, _ = local.split_arguments(args, kwargs)
        return answers.ThreadPass(self._was, func, positional, named)

    ThreadFuture = ThreadPass

    def ProxyPass(  # noqa: N802
        self, alias: str, path: str | None = "", timeout: float = 3, *, forward: bool = False
    ) -> ProxyPass:
        """Answer with another server's answer (README "ProxyPass").

        Args:
            alias: `"@alias"` or a URL.
            path: below it.
            timeout: seconds until the answer begins; then 502.
            forward: pass method, body, query and every status through; else, as the original, GET without
                query, and 502 for any status of 300 or more.
        """
        from .proxy import ProxyPass

        return ProxyPass(self._was, alias, path, timeout, forward)

    proxypass = ProxyPass

    def Queue(  # noqa: N802
        self,
        producer: Callable[[Any], Any],
        max_size: int = 8,
        wait_timeout: float = 8,
        use_thread_pool: bool = True,
    ) -> Queue:
        """A body that `producer(queue)` puts together in a thread (README "Threaded Data Streaming").

        Args:
            max_size: pieces that may wait for the client.
            wait_timeout: seconds without a new piece after which the body ends.
            use_thread_pool: whether it takes a thread of the pool for producers, or one of its own.
        """
        return Queue(self.runtime, producer, max_size, wait_timeout, use_thread_pool)

    def Future(self, task: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N802
        """Deprecated in the original already: the task itself."""
        warnings.warn("was.Future is deprecated: use the task itself", AtilaDeprecationWarning, stacklevel=2)
        return task

    def Futures(self, *tasks: Any, **options: Any) -> Any:  # noqa: N802
        """Deprecated in the original already: `was.Tasks`."""
        warnings.warn("was.Futures is deprecated: use was.Tasks", AtilaDeprecationWarning, stacklevel=2)
        return self.Tasks(*tasks, **options)

    future, futures = Future, Futures

    # -- times of change ------------------------------------------------------------------------------------

    def setlu(self, name: str, *args: Any, x_ignore: bool = False, **kwargs: Any) -> None:
        """What `name` stands for has changed: outdates cached results, emits the app event `setlu:<name>`.

        All workers know of the change; the event is emitted in this one only, with `args` and `kwargs`.

        Args:
            x_ignore: do not mind that the name is not registered.

        Raises KeyError for a name that was not registered with `skitai.register_g`.
        """
        if not x_ignore or name in state:
            cache.note_change(name)
        self.app.emit_with(self, f"setlu:{name}", *args, **kwargs)

    def getlu(self, *names: str) -> float:
        """The latest time at which one of `names` changed, in seconds since the epoch.

        One that was never changed counts as changed when the process started. KeyError where it is not
        registered.
        """
        return cache.last_change(*names)


Calls = RemoteTask
"""What the calls to servers return."""

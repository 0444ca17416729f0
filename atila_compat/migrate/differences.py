"""Where this package behaves differently from the original: what, why, and what to do about it.

This is the one list of them: `atila-compat check` points at the uses that each concerns, and
`python -m atila_compat.migrate.differences` prints it as the page of the migration guide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

GUIDE = "migration_guide/10-differences.md"
"""The page that has a section for each difference."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was.

    Attributes:
        id: its section on the page.
        title: in one line.
        before, now: what the original does, what happens here.
        why: the reason.
        todo: what an owner does about it.
        names: uses that it concerns, as `check` calls them; none where no name tells.
        keywords: it concerns calls with any of these keywords only.
        literals: it concerns calls with any of these strings only.
        stored: it concerns assignments, not reads.
        applies: whether it is so in this version.
    """

    id: str
    title: str
    before: str
    now: str
    why: str
    todo: str
    names: tuple[str, ...] = ()
    keywords: frozenset[str] = frozenset()
    literals: frozenset[str] = frozenset()
    stored: bool = False
    applies: Callable[[], bool] = lambda: True

    @property
    def link(self) -> str:
        """Its section."""
        return f"{GUIDE}#{self.id}"


def _quic_is_ignored() -> bool:
    from ..skitai.run_config import IGNORED

    return "--quic" in IGNORED


_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_TASK_MAKERS: tuple[str, ...] = (
    "was.db",
    "was.stub",
    "was.get",
    "was.post",
    "was.put",
    "was.patch",
    "was.delete",
    "was.xmlrpc",
)
_TASK_MAKERS += ("was.jsonrpc", "was.rpc", "was.postgresql", "was.sqlite3", "was.redis", "was.mongodb")

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "session-format",
        "Sessions, message boxes and one-time tokens are signed JSON",
        "They are signed pickles, which may hold any Python object.",
        "They hold plain data: None, bool, numbers, str, bytes, lists, tuples, dicts, sets, dates, Decimal "
        "and "
        "UUID. What the original issued is read only where the app asks for it.",
        "Whoever learns the secret key can run code in a server that unpickles what clients send.",
        "Users sign in once more after the move; or set `pref.read_legacy_sessions = True` until the old "
        "ones "
        "have expired. Store ids in place of objects.",
        ("pref.securekey", "app.securekey"),
        stored=True,
    ),
    Difference(
        "permissions-by-method",
        "Permissions by method count",
        "`permission_required (..., DELETE = [...])` is ignored unless an argument's condition holds too, so "
        ""
        "that everybody may delete.",
        "They count, as the README says.",
        "A misprint in the original; it leaves doors open that their owners believe shut.",
        "See that those who should pass have the permission; nothing else.",
        ("app.permission_required",),
        _METHODS,
    ),
    Difference(
        "route-cors",
        "A route's own CORS list is enough",
        "The preflight is allowed by the route's list, the request itself is then refused by the app's "
        "(403).",
        "A route's `access_control_allow_origin` takes the place of the app's, for both.",
        "README: function specific CORS.",
        "Nothing, unless you count on the 403.",
        ("app.route",),
        frozenset({"access_control_allow_origin"}),
    ),
    Difference(
        "coroutine-threads",
        "A generator coroutine runs in a worker thread between its yields",
        "Behind the first `yield` of a task it runs on the event loop: blocking there stops the whole "
        "server.",
        "It runs in a worker thread, and gives it back while it waits for a task.",
        "Blocking code behind a `yield` is harmless this way.",
        "Nothing. `atila-compat migrate --step coroutines` makes it an `async def`, which takes no thread.",
        ("app.route", "app.coroutine"),
        frozenset({"coroutine"}),
    ),
    Difference(
        "input-stream",
        "A streamed body needs neither `coroutine = True` nor chunks",
        "Without `coroutine = True` the answer is empty; with Content-Length, or another content type than "
        ""
        "application/octet-stream, it hangs or is a 500.",
        "`input_stream = True` is enough, whatever the body comes as.",
        "README: Streaming Request Data.",
        "Nothing; `was.Input` works as documented.",
        ("app.route", "app.input_stream"),
        frozenset({"input_stream"}),
    ),
    Difference(
        "finish-request-event",
        "The event `finish_request` is emitted",
        "The event is called `success_request`; nobody ever hears `finish_request`.",
        "Both are emitted.",
        "README: Request Life Cycle Events.",
        "See what the handler does, since it runs now; remove it where the other event is handled too.",
        ("app.on",),
        literals=frozenset({"finish_request"}),
    ),
    Difference(
        "umount-hook",
        "`__umount__` runs when the server ends",
        "It is never called at shutdown.",
        "It is called once for each worker process.",
        "README: Other Hooks.",
        "See that it may run: it must not wait for anything that has ended.",
        ("hooks.__umount__",),
    ),
    Difference(
        "overrides",
        "What overrides an app wins with templates and static files too",
        "The mounted app's own templates, and static files whose folder it serves later, still win.",
        "The overriding package wins with routes, templates and static files.",
        "README: Overriding.",
        "Look for templates and static files that both packages have.",
        ("pref.overrides", "app.overrides"),
    ),
    Difference(
        "task-filter",
        "`filter` gets data and gives data, for all tasks",
        "For HTTP and database tasks it is called with the response object, and what it returns is ignored.",
        "It is called with the data, and what it returns is the data.",
        "README: `was.db ('@mydb', filter = hide_password)`.",
        "Let it take and return the data (rows, a decoded body), as for was.Thread.",
        _TASK_MAKERS,
        frozenset({"filter"}),
    ),
    Difference(
        "subprocess-timeout",
        "The timeout of `was.Subprocess` holds",
        "`fetch ()` replaces it by 10 seconds and returns an empty string.",
        "When it has passed the command is ended, and `fetch ()` raises concurrent.futures.TimeoutError.",
        "README: `was.Subprocess ('top -n1', timeout = 3)`.",
        "Give commands that take long a timeout that is long enough; the default is 300 seconds.",
        ("was.Subprocess",),
    ),
    Difference(
        "process-start",
        "`was.Process` runs in fresh interpreters",
        "Its processes are forked, and so see what the server's modules hold at that moment.",
        "They import the function's module anew; code under `if __name__ == '__main__'` does not run there.",
        "A forked copy of a process that has threads, locks and connections may hang.",
        "Hand the function what it needs as arguments.",
        ("was.Process",),
    ),
    Difference(
        "proxypass-timeout",
        "The timeout of `was.ProxyPass` holds",
        "It is ignored.",
        "502 when the answer has not begun within it, 3 seconds by default.",
        "README: `was.ProxyPass (alias, path, timeout = 3)`.",
        "Give a slow server more time. `forward = True` passes method, body, query and every status on.",
        ("was.ProxyPass", "was.proxypass"),
    ),
    Difference(
        "app-g",
        "`was.g` is shared by apps, `app.g` is the app's own",
        "Both are one dictionary, by accident.",
        "They are two.",
        "README: Data Exchanging.",
        "Where one app is to see what another keeps, use `was.g`.",
        ("was.g",),
    ),
    Difference(
        "maintenance-clock",
        "Maintenance has a clock of its own",
        "A round takes place when a request comes and the interval has passed; what it raises fails that "
        "request.",
        "A round takes place when the app starts and at every interval; what it raises is logged.",
        "A service without visitors is maintained too.",
        "See that a job may run before the first request.",
        ("app.maintain",),
    ),
    Difference(
        "was-attributes",
        "`was` is made for each request",
        "One `was` per thread serves many requests, so that what an app adds to it turns up in others.",
        "What an app adds to `was` is there until the request is answered, and never in another.",
        "Data of one user must not reach the next.",
        "Nothing where it is set in before_request. Use `was.request.g` for values of a request, `app.g` for "
        ""
        "those that last.",
        ("was.*",),
        stored=True,
    ),
    Difference(
        "quic",
        "HTTP/3 comes from a proxy",
        "`skitai.run (quic = 443)` and `--quic` listen on UDP.",
        "They are named in the log, and the service starts without.",
        "uvicorn does not speak HTTP/3.",
        "Put nginx or Caddy in front.",
        ("skitai.run",),
        frozenset({"quic"}),
        applies=_quic_is_ignored,
    ),
    Difference(
        "server-push",
        "`was.push` sends a preload header",
        "It pushes the file over HTTP/2.",
        "It adds `Link: <...>; rel=preload`.",
        "Browsers have dropped server push.",
        "Nothing.",
        ("was.push",),
    ),
    Difference(
        "shared-names",
        "Names of `skitai.g` are registered before the server starts",
        "A name registered later is a KeyError when it is used.",
        "The same; the log names those that come too late.",
        "The workers share memory that is made before they start.",
        "Register them in `__config__` or in the launch script, not in `__mount__`.",
    ),
    Difference(
        "request-g",
        "`was.request.g` works",
        "Every use of it is a 502.",
        "It is a dict that lives as long as the request.",
        "README: App & Request Global.",
        "Nothing.",
    ),
    Difference(
        "error-arguments",
        "`was.Error` takes number and explanation in both orders",
        "`was.Error ('400 Bad Request', 40011, 'missing user ID')` mixes them up.",
        "The number is the code, the text is the explanation, whichever comes first.",
        "README: HTTP Error.",
        "Nothing.",
    ),
    Difference(
        "client-errors",
        "What a client gets wrong is a 4xx",
        "Malformed JSON, forms, typed values and Authorization headers, and some rules of `app.inspect`, are "
        ""
        "answered with 500 or 502.",
        "They are answered with 400 or 401.",
        "A 5xx means that the server is at fault.",
        "Correct alarms and tests that expect the 5xx.",
    ),
    Difference(
        "rpc-faults",
        "RPC errors are faults",
        "XML-RPC faults come as ordinary values, JSON-RPC errors with the id null; in a batch only the first "
        ""
        "method is found.",
        "They are faults, carry the id of their request, and batches work.",
        "Clients raise the error where they got a dict.",
        "Let clients handle xmlrpc.client.Fault where they look for `faultCode` in the result.",
    ),
    Difference(
        "nested-mount",
        "A point that begins with its parent's is not prefixed again",
        "`app.mount ('/sub2/pages', pages)` within a module mounted at /sub2 serves /sub2/sub2/pages.",
        "It serves /sub2/pages.",
        "README: Cascaded Service Mount.",
        "Nothing, unless clients use the doubled path.",
    ),
    Difference(
        "deferred-cookies",
        "Cookies and sessions written late are sent",
        "What is written in a coroutine, or in a callback of `then`, is lost.",
        "It is sent with the answer, as long as the answer's headers have not gone.",
        "The original commits cookies before such code runs.",
        "Nothing.",
    ),
    Difference(
        "map-templates",
        "`render_or_Map` hands its results to the template",
        "The template gets none of them; XML never answers.",
        "They are variables of the template, and XML works.",
        "README: Map.",
        "Nothing.",
    ),
    Difference(
        "commit-value",
        "`commit ()` returns None",
        "For HTTP and database tasks it returns the response object.",
        "It returns None for every task.",
        "README: Task.",
        "Use `dispatch ()` where you look at the response.",
    ),
    Difference(
        "ranges",
        "Byte ranges work",
        "Parts of small static files, of was.File, and those that count from the end, are wrong or hang.",
        "They are answered as HTTP says, with 206.",
        "Players and download managers ask for them.",
        "Nothing.",
    ),
    Difference(
        "error-pages",
        "The built-in error pages look different",
        "A page of the engine's own.",
        "A plain page with the same title, heading and detail; answers in JSON and XML are the same.",
        "It is ours.",
        "Nothing; `@app.default_error_handler` shows a page of your own.",
    ),
    Difference(
        "server-header",
        "The Server header is another",
        "`Server: Skitai/0.38`.",
        "`Server: atila_compat`.",
        "It says what serves.",
        "Nothing, unless a monitor looks for the old one.",
    ),
    Difference(
        "own-databases",
        "Databases of an app's own are plain classes",
        "`skitai.add_database_interface` takes a class that the engine's own event loop drives "
        "(`handle_connect`, `found_terminator`).",
        "It takes a class whose methods are what `was.db` is asked for, plain ones or `async def` ones; "
        "`connect`, `close` and `execute` are called where they are there.",
        "There is no such event loop any more; clients of databases are written for asyncio, or block.",
        "Let the methods call such a client. Aliases and handlers stay as they are.",
        ("skitai.add_database_interface",),
    ),
)


def concerned(
    name: str, keywords: tuple[str, ...] = (), literals: tuple[str, ...] = (), *, stored: bool = False
) -> list[Difference]:
    """The differences that concern a use.

    Args:
        name: as `check` calls it: `was.request.g`.
        keywords: of the call that it is part of.
        literals: the strings among the call's arguments.
        stored: whether it is assigned to.
    """
    wildcard = f"{name.rpartition('.')[0]}.*"
    return [
        each
        for each in DIFFERENCES
        if (name in each.names or wildcard in each.names)
        and (not each.keywords or not each.keywords.isdisjoint(keywords) or _says_it_all(each, name))
        and (not each.literals or not each.literals.isdisjoint(literals))
        and each.stored == stored
        and each.applies()
    ]


def _says_it_all(difference: Difference, name: str) -> bool:
    """Whether the name alone means what the keyword means: `@app.coroutine`."""
    return name.rpartition(".")[2] in difference.keywords


def page() -> str:
    """The differences as the migration guide's page, in Markdown."""
    lines = [
        "# 10. Differences",
        "",
        "Each entry says what is not as it was, why, and what to do. `atila-compat check` points at the uses",
        "in your code. The page is made of the package's own list:",
        "`python -m atila_compat.migrate.differences > " + GUIDE + "`.",
        "",
    ]
    from .general_differences import GENERAL

    for each in (*DIFFERENCES, *GENERAL):
        if not each.applies():
            continue
        lines += [
            f'<a id="{each.id}"></a>',
            f"## {each.title}",
            "",
            f"- **Before:** {each.before}",
            f"- **Now:** {each.now}",
            f"- **Why:** {each.why}",
            f"- **What to do:** {each.todo}",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    from atila_compat.migrate import differences  # this module by its name: `general_differences` imports it

    print(differences.page(), end="")

"""Differences that no use of a name tells of: how the service behaves, at its edges above all.

They stand on the same page as those of `differences.py`, behind them.
"""

from __future__ import annotations

from .differences import Difference

GENERAL: tuple[Difference, ...] = (
    Difference(
        "session-options",
        "Session cookies can be Secure, HttpOnly and SameSite",
        "They have none of the three, and nobody can change it.",
        "They have none by default; `pref.session_cookie_secure`, `pref.session_cookie_httponly` and "
        "`pref.session_cookie_samesite` switch them on.",
        "Scripts of old pages may read the cookie; new ones should not be able to.",
        "Switch on what your pages allow. Nothing brings the old way back, since it is the default.",
    ),
    Difference(
        "session-expiry",
        "A longer `set_expiry` survives",
        "The next write sets the session's end back to `session_timeout` from now.",
        "A session that was given longer keeps it.",
        "`set_expiry (86400 * 30)` means thirty days.",
        "For the old way call `was.session.set_expiry (app.session_timeout)` where you write.",
    ),
    Difference(
        "teardown",
        "`teardown_request` after errors is a choice",
        "It does not run after an unhandled exception.",
        "The same by default; with `pref.teardown_always = True` it runs always.",
        "Connections that a teardown gives back would leak.",
        "Set the option where the hook frees something.",
    ),
    Difference(
        "parameter-errors",
        "A TypeError within a handler is a failure of the handler",
        "A handler without parameters that raises TypeError is answered 400, as a wrong call.",
        "Only a call that does not fit the handler is 400; what goes wrong inside is 502.",
        "The client is not to blame.",
        "Raise `was.Error ('400 Bad Request')` where you mean it.",
    ),
    Difference(
        "whole-app-authentication",
        "`app.authenticate` covers unknown paths",
        "Unknown paths ask for credentials before they are 404.",
        "The same, and native routes ask, too.",
        "Nobody may find out what is there.",
        "Nothing.",
    ),
    Difference(
        "static-slash",
        "`was.Static` takes a leading slash",
        "`was.Static ('/robots.txt')` is a 502.",
        "It is the same as without the slash.",
        "README: Static files.",
        "Nothing.",
    ),
    Difference(
        "static-links",
        "Static files never lie outside of their root",
        "A symbolic link leads wherever it points.",
        "One that leads out of the directory is 404.",
        "A link that was made by accident would show any file of the machine.",
        "Mount the other directory, too.",
    ),
    Difference(
        "digest-nonces",
        "Nonces of digest authentication are ours, and expire",
        "Any nonce is accepted for ever.",
        "Nonces are signed and expire; browsers ask once more of themselves. Nonces of others are accepted "
        "while `app.config.DIGEST_FOREIGN_NONCES` is True. `app.config.DIGEST_SHA256 = True` offers "
        "SHA-256, too.",
        "Whoever has listened could use an old header again.",
        "Set DIGEST_FOREIGN_NONCES to False when no script sends its own nonces any more.",
    ),
    Difference(
        "head-and-405",
        "HEAD and 405 are as they were",
        "HEAD to a route is 405, and a 405 has no Allow header.",
        "The same. Native routes answer HEAD where they answer GET.",
        "Clients may count on it.",
        "Move a route to Starlette where HEAD should work.",
    ),
    Difference(
        "certificates",
        "Certificates of other servers are verified",
        "`was.get ('https://...')` takes any certificate.",
        "An invalid one is an error of the task.",
        "Who does not look at certificates talks to anybody.",
        "`pref.config.OUTGOING` says what to trust instead: an authority of your own, or nothing at all.",
    ),
    Difference(
        "jsonrpc-errors",
        "JSON-RPC errors raise",
        "`was.jsonrpc` stubs return error objects.",
        "They raise RPCError with code and message.",
        "An error that looks like a result goes on unseen.",
        "Catch it where you look for `error` in results.",
    ),
    Difference(
        "inspect-operators",
        "Misspelt operators of `app.inspect` are told at the start",
        "`age__bigger = 3` shows as a 502 when somebody sends the parameter.",
        "The same, and a warning when the route is declared, which names the operators there are.",
        "The author should know before the users do.",
        "Correct the name.",
    ),
    Difference(
        "websocket-order",
        "Messages of a WebSocket are handled once, in order",
        "Two quick messages may be handled at a time, or one of them twice.",
        "One after the other, in the order in which they came.",
        "Conversations have an order.",
        "Use `was.Thread` in the handler where messages may be worked on at a time.",
    ),
    Difference(
        "websocket-origin",
        "A WebSocket needs no Origin header",
        "A handshake without one is a 400.",
        "It is accepted; the app's list of origins counts where there is one.",
        "Programs send none.",
        "Set `app.access_control_allow_origin` to keep other sites out.",
    ),
    Difference(
        "websocket-pings",
        "Pings are answered",
        "They reach the handler as messages.",
        "The server answers them with a pong.",
        "Proxies and clients keep connections alive by them.",
        "Nothing.",
    ),
    Difference(
        "websocket-path",
        "Parameters of a WebSocket's path reach the handler",
        "Only those of the query do; `/rooms/<name>` gets the default of `name`, or fails.",
        "Both do.",
        "README: routing; a path means the same over HTTP and WebSocket.",
        "Nothing.",
    ),
    Difference(
        "failing-streams",
        "A stream that fails in the middle is cut",
        "The answer ends as if it were complete.",
        "The connection is closed before the end of the body; failing before the first piece is an error.",
        "Half a download must not look like a whole one.",
        "Handle errors within the generator where the rest can be done without.",
    ),
    Difference(
        "sql-values",
        "Values never become a part of SQL",
        "Values are quoted into the text.",
        "They are bound parameters.",
        "No value can become SQL.",
        "Nothing. `str (query)` shows the text with its values, for reading.",
    ),
    Difference(
        "otp-import",
        "`atila.was.generate_otp` is there",
        "README imports it; it does not exist.",
        "It does.",
        "README: One-Time Password.",
        "Nothing.",
    ),
    Difference(
        "forged-tokens",
        "Forged tokens and message boxes count as none",
        "They are a 502, after they have been unpickled.",
        "They are treated as absent.",
        "Only a right signature says that something is ours.",
        "Nothing.",
    ),
    Difference(
        "coroutine-errors",
        "`was.Error` before the first `yield` of a coroutine has its own status",
        "It is a 500 without the app's error handlers; a coroutine that returns nothing behind a task is "
        "never answered.",
        "It has its own status, as it has later; what was yielded, or nothing, is the answer.",
        "README: HTTP Error.",
        "Nothing.",
    ),
    Difference(
        "short-domains",
        "Mail addresses of short domains are valid",
        "`inspect (emails = ...)` refuses `ann@example.de`: it wants three characters behind the first dot.",
        "Two are enough.",
        "Their owners can be customers, too.",
        "Nothing.",
    ),
    Difference(
        "time-limits",
        "Every wait has an end",
        "A task without a time limit, or an answer that never comes, waits for ever.",
        "Tasks have a time limit each, deferred answers `app.config.REQUEST_TIMEOUT` "
        "seconds, 300 by default.",
        "A server that waits for ever has no threads left one day.",
        "Raise the limits where something really takes that long.",
    ),
    Difference(
        "shared-root",
        "Apps that share the root do not hide each other's routes",
        "The app that answered first below `/shop` gets all requests below it; others are 404 there.",
        "Each request goes to the first app that knows its path, a WSGI app taking the rest.",
        "What is found must not depend on who asked what before.",
        "Nothing.",
    ),
    Difference(
        "mounted-twice",
        "A module mounted at two points serves both",
        "Only the last `app.mount` of a module counts, though its `__setup__` runs for each.",
        "Its `__mount__` runs for each of its points; `ns` tells their names apart.",
        "`app.mount ('/v1', shop, ns = 'v1')` beside `'/v2'` means both.",
        "Remove mounts that were never meant to serve.",
    ),
    Difference(
        "same-names",
        "Handlers of one name have their own parameters each",
        "The parameters of the first are taken for all of them: requests to the others are 400 or 502.",
        "Each is called with what it declares; `urlfor` leads to the last, `pipe` to the first.",
        "`def item` for GET and `def item` for POST are two functions.",
        "Nothing.",
    ),
    Difference(
        "extended-routes",
        "What an app extends only fills gaps, wherever it is declared",
        "Routes that the extended package declares outside of its `services` replace the app's own.",
        "The app's own routes win over all of them.",
        "README: Extending.",
        "Remove routes of the app that never answered.",
    ),
    Difference(
        "engine-settings",
        "Settings of the old engine have no effect where there is nothing to set",
        "`skitai.enable_proxy`, `enable_gateway`, `enable_cachefs`, `enable_blacklist`, `use_poll`, "
        "`manual_gc`, `config_executors`, `set_worker_critical_point`, `set_dns_protocol`, "
        "`set_was_class` and the options `---profile`, `---memtrack`, `---gc`, `--smtpda` and `--poll` "
        "change the server.",
        "They are accepted, and do nothing.",
        "A proxy, a cache for the public and lists of addresses are better kept in front; the rest looks "
        "after itself.",
        "`atila-compat check` names what of them is used, each with what to do in place of it.",
    ),
    Difference(
        "root-workers",
        "Workers that root starts stay root's, unless somebody is named",
        "Without `--user` they run as the user that called `sudo`, or as `nobody`.",
        "Without `--user` and `--group` they keep root's rights; the unit that `install` writes has the "
        "user that called `sudo`.",
        "Containers and units say whom a service runs as; `nobody` can often not even read the app.",
        "Start the service as somebody else, or give `--user=www-data`.",
    ),
)

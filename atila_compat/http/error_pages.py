"""Bodies of error answers: page, XML or JSON by Accept, and what error handlers are told (spec/02 section 7).

`render_error` is the built-in body. Where an app has a handler for the error, `error_details` makes the dict
that it is given; what it returns takes the place of the built-in body, anything falsy falls back to that.
"""

from __future__ import annotations

import html
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from ..errors import ExcInfo
from .api import JSON, XML, JsonEncoder, encode_json, encode_xml, error_members
from .tracebacks import traceback_html, traceback_lines

HTML = "text/html"
SOFTWARE = "Skitai/0.38"
"""The server's name in pages, as apps and their templates know it."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 4rem auto;
  max-width: 72rem; padding: 0 1.5rem }}
h1 {{ font-size: 1.6rem; font-weight: 600 }}
#traceback table {{ border-collapse: collapse; font-size: .85rem; width: 100% }}
#traceback th, #traceback td {{ border-bottom: 1px solid #ddd; padding: .3rem .6rem; text-align: left;
  vertical-align: top; overflow-wrap: anywhere }}
#software {{ margin-top: 2rem; border-top: 1px solid #ddd; color: #666; font-size: .85rem }}
</style>
</head>
<body>
<h1>{title}</h1>
<div id="detail">{detail}</div>
<div id="traceback"><div id="{mode}"><p>{traceback}</p></div></div>
<div id="software">{software}</div>
</body>
</html>
"""


def has_body(status_code: int) -> bool:
    """Whether an answer with this status may have a body at all."""
    return status_code >= 200 and status_code not in (204, 304)


def wants_page(accept: str | None, status_code: int = 0) -> bool:
    """Whether an error is told as a page: where Accept names `text/html`, and always for 406."""
    return status_code == 406 or (accept is not None and HTML in accept)


def _as_html(detail: Any) -> str:
    if not detail:
        return ""
    # markup that vouches for itself (markupsafe's protocol) stays: the link of a redirect
    return str(detail.__html__()) if hasattr(detail, "__html__") else html.escape(str(detail))


def render_error(
    status_code: int,
    reason: str,
    detail: Any = "",
    errno: int | str | None = 0,
    *,
    message: str = "",
    accept: str | None = None,
    debug: bool = False,
    exc_info: ExcInfo | None = None,
    encoder: JsonEncoder = "utcoffset",
    software: str = SOFTWARE,
    spec: dict[str, Any] | None = None,
    with_locals: bool = False,
) -> tuple[str, bytes]:
    """The built-in body of an error answer: content type and bytes; both empty where there may be none.

    Args:
        status_code: HTTP status.
        reason: its phrase, as on the status line.
        detail: what is told to the client besides; nothing if falsy. Pages escape it, unless it has
            `__html__`.
        errno: the `code` of the JSON and XML forms in place of status * 100.
        message: the `message` of the JSON and XML forms in place of the phrase in lower case.
        accept: the request's Accept header.
        debug: `app.debug`; without it no exception is ever shown.
        exc_info: the exception behind an unexpected error.
        encoder: `app.config.JSON_ENCODER`, for details that are not plain.
        software: the page's footer.
        with_locals: whether the page shows the lines around and the local variables of each step, too.
        spec: the member `__spec__` of the JSON form, for local clients of an app that is debugged.
    """
    if not has_body(status_code):
        return "", b""
    shown = exc_info if debug and exc_info and exc_info[0] else None
    if wants_page(accept, status_code):
        page = _PAGE.format(
            title=html.escape(f"{status_code} {reason}"),
            detail=_as_html(detail),
            mode="debug" if debug else "normal",
            traceback=traceback_html(shown, with_locals) if shown else "",
            software=html.escape(software),
        )
        return HTML, page.encode("utf-8", "replace")
    lines = traceback_lines(shown) if shown else None
    if accept is not None and XML in accept:
        try:
            members = error_members(status_code, message or reason.lower(), errno, None, detail, lines)
            return XML, encode_xml(members)
        except TypeError:
            members["more_info"] = str(detail)
            return XML, encode_xml(members)
    members = error_members(status_code, message or reason.lower(), errno, None, detail, lines)
    if spec is not None:
        members["__spec__"] = spec
    try:
        return JSON, encode_json(members, encoder)
    except TypeError:
        members["more_info"] = str(detail)
        return JSON, encode_json(members)


@lru_cache(256)
def usual_error(status_code: int, reason: str, accept: str | None) -> tuple[str, bytes]:
    """`render_error` where there is nothing to tell: the same bytes each time."""
    return render_error(status_code, reason, accept=accept)


def error_details(
    status_code: int,
    reason: str,
    detail: Any = "",
    errno: int | str | None = 0,
    *,
    accept: str | None = None,
    url: str = "",
    debug: bool = False,
    exc_info: ExcInfo | None = None,
    software: str = SOFTWARE,
) -> dict[str, Any]:
    """The `error` dict that an app's error handler and its template are given (spec/02 section 7.6).

    Args:
        status_code, reason, detail, errno, accept, debug, exc_info, software: as for `render_error`.
        url: the absolute URL of the request.
    """
    shown: Any = None
    if debug and exc_info and exc_info[0]:
        shown = traceback_html(exc_info) if wants_page(accept, status_code) else traceback_lines(exc_info)
    if debug and not detail:  # templates show it: nothing beside a traceback, None in its place
        detail = "" if shown or detail == "" else None
    return {
        "code": status_code,
        "errno": errno,
        "message": reason,
        "detail": detail,
        "mode": "debug" if shown else "normal",
        "time": formatdate(usegmt=True),
        "url": url,
        "software": software,
        "debug": None,
        "traceback": shown,
    }

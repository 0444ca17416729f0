"""Tokens against cross-site request forgery: a cookie that a form or a header repeats (spec/04 section 7)."""

from __future__ import annotations

import hmac
import secrets
from html import escape
from typing import Any

from ..errors import HTTPError
from ..http.cookies import Cookies
from ..routing.resource import wrap
from ..types import Handler

NAME = "XSRF_TOKEN"
"""The cookie, and the field of the form."""
HEADER = "X-XSRF-TOKEN"
"""The header that may stand for the field."""
DEBUG_TOKEN = "3649c350861db268"  # noqa: S105
"""What all tokens are while an app runs in debug mode, so that tests can tell them."""


def token(cookies: Cookies, debug: bool = False) -> str:
    """The client's token; a new one, set as cookie, where it has none."""
    found = cookies.get(NAME)
    if found:
        return str(found)
    made = DEBUG_TOKEN if debug else secrets.token_hex(8)
    cookies.set(NAME, made)
    return made


def field(value: str) -> str:
    """The hidden input that carries the token in a form."""
    return f'<input type="hidden" name="{NAME}" value="{escape(value)}">'


def verify(cookies: Cookies, given: Any, keep: bool = True, debug: bool = False) -> bool:
    """Whether the request repeats the token of its cookie.

    Args:
        cookies: the request's; a client without a token gets one.
        given: what it has sent in the header or in the form.
        keep: whether the token may be used again; otherwise a right one is deleted.
        debug: as in `token`.
    """
    if not isinstance(given, str) or not given:
        return False
    right = hmac.compare_digest(
        token(cookies, debug).encode("utf-8", "surrogatepass"), given.encode("utf-8", "surrogatepass")
    )
    if right and not keep:
        cookies.remove(NAME)
    return right


class CSRFProtection:
    """`@app.csrf_verification_required`."""

    def csrf_verification_required(self, func: Handler) -> Handler:
        """Let nobody pass whose request does not repeat the CSRF token (README "CSRF Token").

        Such requests end with HTTPError 400 "CSRF token error".
        """

        def verified(was: Any, *args: Any, **kwargs: Any) -> Any:
            if not was.verify_csrf():
                raise HTTPError("400 Bad Request", "CSRF token error")
            return func(was, *args, **kwargs)

        return wrap(func, verified)

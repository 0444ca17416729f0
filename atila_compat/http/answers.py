"""The answers that `was` makes: API, Fault, Error, redirect (spec/04 section 12.2)."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..errors import HTTPError
from . import api
from .response import Headers, Reply

if TYPE_CHECKING:
    from ..app import Atila
    from .response import Response

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Answers:
    """The part of `was` that makes plain answers."""

    if TYPE_CHECKING:
        app: Atila
        response: Response

    Error = HTTPError
    """To be raised: `raise was.Error("404 Not Found", "no such user")`."""

    def API(self, *args: Any, **members: Any) -> api.API:  # noqa: N802 - the original's name
        """An object as JSON, or XML where Accept names `text/xml` (README "API Response").

        Args:
            args: a status, `"201 Created"`, and a dict; both may be left out. Behind a status it may be a
                list, or whatever else JSON can say; an empty one is sent as `{}`.
            members: named members, added to the dict.

        Raises TypeError for other positional arguments.
        """
        status, data = api.api_arguments(args, members)
        if status is not None:
            self.response.set_status(status)
        config = self.app.config
        return self.response.make_api(
            data, encoder=config["JSON_ENCODER"], pretty=bool(config["PRETTY_JSON"])
        )

    def Fault(self, status: str = "200 OK", *args: Any, **options: Any) -> api.API:  # noqa: N802
        """An error object to be returned: `was.Fault(status, message, code, debug, more_info)`."""
        return self.response.make_fault(status, *args, encoder=self.app.config.JSON_ENCODER, **options)

    def redirect(
        self,
        url: str,
        status: str = "302 Object Moved",
        body: Any = None,
        headers: Headers | None = None,
    ) -> Reply:
        """Send the client to `url` (README "Redirecting").

        The URL is sent as it is, in UTF-8; line breaks and other control characters are escaped.
        """
        url = _CONTROL.sub(lambda found: quote(found[0]), url)
        response = self.response
        response.set_status(status)
        response.set_header("Location", url)
        response.expire_now()
        if headers:
            response.set_headers(headers)
        if body is None:
            line, link = html.escape(response.get_status()), html.escape(url)
            if not response.has_key("Content-Type"):
                response.set_header("Content-Type", "text/html")
            body = (
                f"<html><head><title>{line}</title></head><body><h1>{line}</h1>"
                f'This document may be found <a HREF="{link}">here</a></body></html>'
            )
        return Reply(body)

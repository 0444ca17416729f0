"""`was.render` and `was.render_or_API`: answers from templates (spec/04 sections 12.2 and 13)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .api import JSON

if TYPE_CHECKING:
    from ..app import Atila
    from . import api
    from .request import Request

log = logging.getLogger("atila_compat.http")

_INDENTATION = re.compile(r"\n\s+")
_warned = False


class Rendering:
    """The part of `was` that fills in templates."""

    if TYPE_CHECKING:
        app: Atila
        request: Request

        def API(self, *args: Any, **members: Any) -> api.API: ...  # noqa: N802 - the original's name

    def render(self, template_file: str, variables: dict[str, Any] | None = None, /, **named: Any) -> str:
        """Fill in a template (README "Rendered Template").

        The template sees `was`, `app`, `request`, `response`, the variables, and all of them as `context`.

        Args:
            template_file: path below one of the app's template directories.
            variables: a dict of variables; or give them by name.

        Raises AssertionError where variables are given in both ways, jinja2.TemplateError for what is wrong
        with the template.
        """
        return self.app.render(self, template_file, variables, **named)  # type: ignore[arg-type]

    def render_stream(
        self, template_file: str, variables: dict[str, Any] | None = None, /, **named: Any
    ) -> Iterator[str]:
        """The same for large pages: to be returned, so that the page is sent while it is being made.

        The original has no such call. Variables may be generators.
        """
        return self.app.render_stream(self, template_file, variables, **named)  # type: ignore[arg-type]

    def render_or_API(  # noqa: N802 - the original's name
        self, template_file: str, variables: dict[str, Any] | None = None, /, **named: Any
    ) -> str | api.API:
        """JSON for clients that accept `application/json`, the rendered template for others (README)."""
        if self.request.acceptable(JSON):
            assert not (variables and named), "give the variables as a dict or by name, not both"
            return self.API(variables or named)
        return self.render(template_file, variables, **named)


def minify_html(body: str, mode: Any) -> str:
    """A page as `app.config.MINIFY_HTML` wants it.

    Args:
        body: the page.
        mode: `"strip"` removes blank lines and white-space at the beginning of lines, `"minify"` asks the
            package css-html-js-minify where it is installed; anything falsy leaves the page as it is.
    """
    if mode == "strip":
        return _INDENTATION.sub("\n", body).lstrip()
    if mode == "minify":
        global _warned
        try:
            from css_html_js_minify import html_minify
        except ImportError:
            if not _warned:
                _warned = True
                log.warning('MINIFY_HTML = "minify" needs a package: pip install css-html-js-minify')
            return body
        return str(html_minify(body))
    return body

"""The templates of an app: Jinja2, and Chameleon for `.pt` and `.ptal` (spec/04 section 13)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import jinja2

from ..context import get_was
from ..errors import MissingExtra
from ..structures import AttrDict

if TYPE_CHECKING:
    from ..was import Was

CHAMELEON_SUFFIXES = (".pt", ".ptal")
FOLDER = "templates"

_DELIMITERS = {"line_statement_prefix": "%", "line_comment_prefix": "##"}
_OPTIONS: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "newline_sequence": "\n"}
_EXTENSIONS = ("jinja2.ext.do", "jinja2.ext.loopcontrols")
_SKITO: dict[int, dict[str, str]] = {
    0: {},
    1: {"variable_start_string": "${", "variable_end_string": "}"},
    5: {
        "variable_start_string": "{:",
        "variable_end_string": ":}",
        "comment_start_string": "<!---",
        "comment_end_string": "--->",
    },
}


class _Loader(jinja2.BaseLoader):
    """Looks in the directories that the app has at the moment: some come after the first template is used."""

    def __init__(self, directories: Callable[[], list[str]]) -> None:
        self._directories = directories

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool] | None]:
        return jinja2.FileSystemLoader(self._directories()).get_source(environment, template)

    def list_templates(self) -> list[str]:
        return jinja2.FileSystemLoader(self._directories()).list_templates()


class Templates:
    """The part of an app that has templates.

    Attributes:
        templates_dirs: directories that are searched after all others.
        override_template_dirs: directories that are searched before all others.
    """

    if TYPE_CHECKING:
        debug: bool
        use_reloader: bool
        config: AttrDict
        home: str
        override_template_dirs: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.templates_dirs: list[str] = []
        self._jinja_env: jinja2.Environment | None = None
        self._jinja_options: dict[str, Any] = _DELIMITERS | _OPTIONS
        self._jinja_extensions: list[Any] = list(_EXTENSIONS)
        self._jinja_filters: dict[str, Callable[..., Any]] = {}
        self._jinja_globals: dict[str, Callable[..., Any]] = {}
        self._chameleon: Any = None
        self._templates_lock = threading.RLock()

    # -- what apps call -------------------------------------------------------------------------------------

    def template_global(self, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Make the decorated `func(was, ...)` callable in templates as `name(...)`."""

        def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
            @jinja2.pass_context
            def call(context: jinja2.runtime.Context, *args: Any, **values: Any) -> Any:
                # a macro that was imported without context knows no `was`
                was = context.get("was")
                return func(get_was() if was is None else was, *args, **values)

            self._jinja_globals[name] = call
            if self._jinja_env is not None:
                self._jinja_env.globals[name] = call
            return func

        return decorate

    def template_filter(self, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Make the decorated `func(value, ...)` a filter called `name`."""

        def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
            self._jinja_filters[name] = func
            if self._jinja_env is not None:
                self._jinja_env.filters[name] = func
            return func

        return decorate

    def jinja_overlay(
        self,
        variable_start_string: str = "{{",
        variable_end_string: str = "}}",
        block_start_string: str = "{%",
        block_end_string: str = "%}",
        comment_start_string: str = "{#",
        comment_end_string: str = "#}",
        line_statement_prefix: str | None = "%",
        line_comment_prefix: str | None = "##",
        **options: Any,
    ) -> None:
        """Use other delimiters.

        `options` of the Jinja2 environment take the place of all that are set by default, so white-space
        around blocks stays unless `trim_blocks = True, lstrip_blocks = True` are among them.
        """
        self._jinja_options = {
            "variable_start_string": variable_start_string,
            "variable_end_string": variable_end_string,
            "block_start_string": block_start_string,
            "block_end_string": block_end_string,
            "comment_start_string": comment_start_string,
            "comment_end_string": comment_end_string,
            "line_statement_prefix": line_statement_prefix,
            "line_comment_prefix": line_comment_prefix,
            **options,
        }
        self._jinja_env = None

    def skito_jinja(self, option: int = 0) -> None:
        """Use one of the overlays that have a number.

        Args:
            option: 0 for Jinja2's delimiters; 1 for `${name}`, 5 for `{:name:}` and `<!--- comment --->`.

        Raises ValueError for another number.
        """
        if option not in _SKITO:
            raise ValueError(f"skito_jinja knows {', '.join(map(str, _SKITO))}, not {option!r}")
        self.jinja_overlay(**_SKITO[option])

    def add_jinja_ext(self, ext: Any) -> None:
        """Add a Jinja2 extension, by its class or dotted name."""
        if ext not in self._jinja_extensions:
            self._jinja_extensions.append(ext)
        if self._jinja_env is not None:
            self._jinja_env.add_extension(ext)

    # -- rendering ------------------------------------------------------------------------------------------

    def template_search_path(self) -> list[str]:
        """The directories that templates are looked for in, in this order."""
        found = [
            *getattr(self, "override_template_dirs", ()),
            os.path.join(self.home, FOLDER),
            *(self._template_folder(entry) for entry in self.config.get("TEMPLATE_DIRS") or ()),
            *self.templates_dirs,
        ]
        return list(dict.fromkeys(os.path.abspath(folder) for folder in found))

    def _template_folder(self, entry: str) -> str:
        if not os.path.isabs(entry) and os.path.isdir(os.path.join(self.home, entry)):
            entry = os.path.join(self.home, entry)
        entry = os.path.abspath(entry)
        return entry if os.path.basename(entry) == FOLDER else os.path.join(entry, FOLDER)

    @property
    def jinja_env(self) -> jinja2.Environment:
        """The Jinja2 environment, made when it is first asked for.

        `config.AUTOESCAPE = True` escapes what templates put out; by default nothing is, as in the original.
        """
        env = self._jinja_env
        if env is None:
            with self._templates_lock:
                env = self._jinja_env = self._jinja_env or self._make_jinja_env()
        return env

    def _make_jinja_env(self) -> jinja2.Environment:
        options = {
            "autoescape": bool(self.config.get("AUTOESCAPE", False)),
            "auto_reload": self.debug or self.use_reloader,
            **self._jinja_options,
        }
        env = jinja2.Environment(  # noqa: S701 - apps' templates rely on it, config.AUTOESCAPE switches it on
            loader=_Loader(self.template_search_path), extensions=self._jinja_extensions, **options
        )
        env.globals.update(self._jinja_globals)
        env.filters.update(self._jinja_filters)
        return env

    def get_template(self, name: str) -> Any:
        """A template, by its path below one of the directories; a slash at its beginning does no harm.

        Raises jinja2.TemplateNotFound where there is none, jinja2.TemplateSyntaxError where it is wrong,
        MissingExtra for a Chameleon template without Chameleon.
        """
        name = name.lstrip("/")
        if name.endswith(CHAMELEON_SUFFIXES):
            return self._get_chameleon(name)
        return self.jinja_env.get_template(name)

    def _get_chameleon(self, name: str) -> Any:
        if ".." in name.split("/"):
            raise jinja2.TemplateNotFound(name)
        with self._templates_lock:
            if self._chameleon is None:
                try:
                    from chameleon import PageTemplateLoader
                except ImportError:
                    raise MissingExtra(f"the Chameleon template {name}", "chameleon") from None
                self._chameleon = PageTemplateLoader(
                    self.template_search_path(), auto_reload=self.debug or self.use_reloader
                )
            try:
                return self._chameleon.load(name)
            except ValueError:
                raise jinja2.TemplateNotFound(name) from None

    def render(
        self, was: Was, template_file: str, variables: dict[str, Any] | None = None, /, **named: Any
    ) -> str:
        """Fill in a template; see `was.render`."""
        template = self.get_template(template_file)
        return str(template.render(**template_context(was, variables, named)))

    def render_stream(
        self, was: Was, template_file: str, variables: dict[str, Any] | None = None, /, **named: Any
    ) -> Iterator[str]:
        """Fill in a template while it is being sent; see `was.render_stream`."""
        template = self.get_template(template_file)
        context = template_context(was, variables, named)
        if isinstance(template, jinja2.Template):
            return _buffered(template.generate(context))
        return iter([str(template.render(**context))])


def template_context(was: Was, variables: dict[str, Any] | None, named: dict[str, Any]) -> dict[str, Any]:
    """What a template sees: `was`, `app`, `request`, `response`, the variables, and all of them as `context`.

    Raises AssertionError where variables are given both as a dict and by name.
    """
    assert not (variables and named), "give the template's variables as a dict or by name, not both"
    values = variables or named
    return {
        "app": was.app,
        "request": was.request,
        "response": was.response,
        **values,
        "context": values,
        "was": was,
    }


def _buffered(pieces: Iterator[str], size: int = 16 * 1024) -> Iterator[str]:
    """Join the many small pieces of a template into chunks of about `size` characters."""
    chunk: list[str] = []
    length = 0
    for piece in pieces:
        chunk.append(piece)
        length += len(piece)
        if length >= size:
            yield "".join(chunk)
            chunk.clear()
            length = 0
    if chunk:
        yield "".join(chunk)

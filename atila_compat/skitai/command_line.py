"""The command line: the engine's options and the launch script's own (spec/01 sections 9 and 10)."""

from __future__ import annotations

import getopt as _getopt
import sys
from collections.abc import Iterator, Sequence
from typing import Any

COMMANDS = {
    "start": "run in the background; comes back when the service answers",
    "stop": "end what `start` has started",
    "status": "tell whether that runs: exit code 0, or 3 where it does not",
    "restart": "stop, then start",
    "install": "write a systemd unit with these options, and enable it",
    "uninstall": "stop and remove that unit",
    "remove": "the same as uninstall",
    "update": "write the unit anew",
}
"""The words that may stand on the command line, and what each does."""


class Declared:
    """An option that a script may be given.

    Attributes:
        short: `"z"`, or empty.
        long: `"zoo"`, or empty.
        value: how help calls its value, `"VAL"`; empty for a flag.
    """

    def __init__(self, short: str, long: str, value: str, description: str, default: Any) -> None:
        self.short, self.long, self.value = short, long, value
        self.description, self.default = description, default

    @property
    def names(self) -> list[str]:
        """The forms in which it is written, `["-z", "--zoo"]`."""
        return [f"-{self.short}"] * bool(self.short) + [f"--{self.long}"] * bool(self.long)

    def usage(self) -> str:
        """Its line of the help text."""
        left = f"-{self.short}, " if self.short else "    "
        if self.long:
            left += f"--{self.long}" + (f"={self.value}" if self.value else "")
        else:
            left = left.rstrip(", ") + (f" {self.value}" if self.value else "")
        text = self.description + ("" if self.default is None else f" (default={self.default})")
        return f"  {left:<26}{text}".rstrip()


def _declare(short: str | None, long: str | None, description: str = "", default: Any = None) -> Declared:
    short, long = (short or "").removeprefix("-"), (long or "").removeprefix("--")
    short_name, short_mark, short_value = short.replace(":", "=", 1).partition("=")
    long_name, long_mark, long_value = long.partition("=")
    if short_name and long_name and bool(short_mark) != bool(long_mark):
        raise SystemError(
            f"-{short_name} and --{long_name}: one takes a value and the other does not; "
            f"write add_option('-{short_name}=VAL', '--{long_name}=VAL')"
        )
    if not short_name and not long_name:
        raise SystemError("an option needs a short or a long name")
    if len(short_name) > 1:
        raise SystemError(f"-{short_name}: a short option has one character")
    takes_value = bool(short_mark or long_mark)
    value = (long_value or short_value or "VALUE") if takes_value else ""
    return Declared(short_name, long_name, value, description or "", default)


ENGINE_OPTIONS = [
    _declare("", "--port=PORT", "TCP port to listen on, in place of the script's; 5000 where it names none"),
    _declare("", "--workers=N", "number of worker processes, 1 where the script names none"),
    _declare("", "--threads=N", "number of threads of a worker, 4 where the script names none"),
    _declare("", "--cpu-affinity", "each worker keeps its event loop and handlers on one processor"),
    _declare("", "--user=USER", "whom the workers run as, if root starts them"),
    _declare("", "--group=GROUP", "their group, if root starts them; that of the user without"),
    _declare("", "--devel", "set SKITAIENV to DEVEL: tracebacks for clients, and automatic reload"),
    _declare("", "--deploy=VALUE", "set SKITAIENV to VALUE, such as QA or TEST; PRODUCTION without"),
    _declare("", "--disable-static", "do not serve static directories: nginx does"),
    _declare("", "--nginx-conf=DOMAIN", "show a configuration of nginx for the domain, and exit"),
    _declare("-d", "", "run in the background, as the command `start` does"),
    _declare("", "--help", "show this text and exit"),
    _declare("", "---profile", "has no effect; use py-spy or cProfile"),
    _declare("", "---memtrack", "has no effect; use memray or tracemalloc"),
    _declare("", "---gc", "has no effect; Python collects garbage as usual"),
    _declare("", "--quic=PORT", "has no effect; a proxy in front can speak HTTP/3"),
    _declare("", "--poll=NAME", "has no effect; the event loop chooses"),
    _declare("", "--smtpda", "has no effect; mails are sent at once"),
]
_own: list[Declared] = []
_script_arguments: list[str] | None = None


def _parse(argv: Sequence[str], declared: list[Declared]) -> tuple[list[tuple[str, str]], list[str]]:
    """Options by their long names where they have one, and the other arguments.

    Raises getopt.GetoptError for an option that nobody declared.
    """
    short = "".join(d.short + (":" if d.value else "") for d in declared if d.short)
    long = [d.long + ("=" if d.value else "") for d in declared if d.long]
    pairs, rest = _getopt.gnu_getopt(list(argv), short, long)
    aliases = {f"-{d.short}": f"--{d.long}" for d in declared if d.short and d.long}
    return [(aliases.get(name, name), value) for name, value in pairs], rest


def _tolerant(argv: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """As `_parse`, but what is not declared is skipped: a script may look before it has declared all."""
    skipped: list[str] = []
    remaining = list(argv)
    while True:
        try:
            return _parse([a for a in remaining if a not in skipped], ENGINE_OPTIONS + _own)
        except _getopt.GetoptError as error:
            culprits = [a for a in remaining if a not in skipped and _is_option(a, error.opt)]
            if not culprits:
                return [], []
            skipped += culprits


def _is_option(argument: str, name: str) -> bool:
    if argument.startswith("--"):
        return argument[2:].partition("=")[0] == name
    return argument.startswith("-") and name in argument[1:]


def arguments() -> list[str]:
    """The command line of the launch script, without the script itself."""
    return sys.argv[1:] if _script_arguments is None else _script_arguments


def use_arguments(given: Sequence[str] | None) -> None:
    """Take `given` for the command line of the launch script; None: the process's own."""
    global _script_arguments
    _script_arguments = None if given is None else list(given)


def option_values() -> dict[str, str]:
    """The options on the command line by name; a flag's value is empty."""
    return dict(_tolerant(arguments())[0])


def check_command_line() -> list[str]:
    """The arguments that are no options.

    Raises getopt.GetoptError naming an option that is neither the engine's nor declared by `add_option`.
    """
    return _parse(arguments(), ENGINE_OPTIONS + _own)[1]


class Options:
    """`skitai.options`: what the command line says, read anew at each look."""

    @property
    def argv(self) -> list[str]:
        """The arguments that are no options."""
        return _tolerant(arguments())[1]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of `"--name"`, `""` for a flag; where not given, `default` or the declared default."""
        given = option_values()
        for form in _forms(name):
            if form in given:
                return given[form]
        if default is not None:
            return default
        return next((d.default for d in ENGINE_OPTIONS + _own if name in d.names), None)

    def items(self) -> list[tuple[str, str]]:
        """Names and values of the given options."""
        return list(option_values().items())

    def __contains__(self, name: object) -> bool:
        given = option_values()
        return isinstance(name, str) and any(form in given for form in _forms(name))

    def __getitem__(self, name: str) -> Any:
        value = self.get(name)
        if value is None and name not in self:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(option_values())

    def __repr__(self) -> str:
        return f"Options({option_values()!r}, argv={self.argv!r})"


options = Options()


def _forms(name: str) -> list[str]:
    """All names of the option that is written `name`."""
    return next((d.names for d in ENGINE_OPTIONS + _own if name in d.names), [name])


def add_option(
    short: str | None, long: str | None = None, description: str = "", default: Any = None, **_: Any
) -> None:
    """Declare an option of the script, for `--help` and for `skitai.options`.

    Args:
        short: `"-z"`, with a value `"-z=VAL"`; None or `""` for none.
        long: `"--zoo"`, with a value `"--zoo=VAL"`.
        description: its line in the help.
        default: what `skitai.options.get` gives where the option is not on the command line.

    Raises SystemError where the two forms do not agree.
    """
    if short and short.startswith("--") and not (long or "").startswith("-"):
        short, long = None, short
    added = _declare(short, long, description, default)
    _own[:] = [known for known in _own if not set(known.names) & set(added.names)] + [added]


def add_options(*names: str) -> None:
    """Declare several options by name only: `add_options("--zoo=", "-f")`."""
    for name in names:
        add_option(*((None, name) if name.startswith("--") else (name, None)))


def get_option(*names: str) -> str | None:
    """The value of the first of `names` that is on the command line, else None; a flag's value is `""`."""
    given = option_values()
    for name in names:
        for form in _forms(name):
            if form in given:
                return given[form]
    return None


getsysopt = get_option


def hassysopt(*names: str) -> bool:
    """Whether one of `names` is on the command line."""
    return get_option(*names) is not None


def getopt(short: str = "", long: Sequence[str] = ()) -> tuple[list[tuple[str, str]], list[str]]:
    """What `getopt.getopt` of the standard library reads, without the engine's own options."""
    extra = [_declare(f"-{s}", "") for s in _split_short(short)] + [_declare("", f"--{n}") for n in long]
    pairs, rest = _parse(arguments(), ENGINE_OPTIONS + _own + extra)
    engine = {name for d in ENGINE_OPTIONS for name in d.names}
    return [(name, value) for name, value in pairs if name not in engine], rest


def _split_short(short: str) -> list[str]:
    return [c + ("=" if short[i + 1 : i + 2] == ":" else "") for i, c in enumerate(short) if c != ":"]


def get_command() -> str | None:
    """The command word (`start`, `stop`...) on the command line, or None."""
    if "-d" in option_values():
        return "start"
    return next((word for word in options.argv if word in COMMANDS), None)


def usage(script: str) -> str:
    """The text that `--help` shows."""
    lines = [f"Usage: {script} [OPTION]... [COMMAND]", "Serves the apps of the script.", ""]
    lines += [declared.usage() for declared in ENGINE_OPTIONS + _own]
    lines += ["", "Commands, in place of serving here:", ""]
    return "\n".join(lines + [f"  {word:<26}{what}" for word, what in COMMANDS.items()])


def reset() -> None:
    """Forget the script's own options; for tests and for a second script in one process."""
    _own.clear()
    use_arguments(None)

"""Executes launch scripts as Python would: as `__main__`, with their own arguments."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from ..errors import AtilaError
from ..settings import usual_threads
from . import command_line, launch
from .mounts import Mounts, use_mounts
from .place import place
from .run_config import RunConfig

if TYPE_CHECKING:
    from .server import Service


def prepare(script: str, arguments: Sequence[str], *, replace_path: bool = False) -> ModuleType:
    """Make the `__main__` module of a script, which stays, so that its classes can be pickled.

    Args:
        script: path of the file.
        arguments: what `sys.argv` holds behind the script.
        replace_path: whether the script's directory takes the place of the first entry of `sys.path`, which
            Python made for whoever started this, or goes before it.
    """
    path = os.path.abspath(script)
    module = ModuleType("__main__")
    module.__file__ = path
    module.__dict__["__builtins__"] = __builtins__
    module.__dict__["__cached__"] = None
    sys.modules["__main__"] = module
    sys.argv = [script, *arguments]
    folder = os.path.dirname(path)
    if replace_path and sys.path and not sys.flags.safe_path:
        sys.path[0] = folder
    elif folder not in sys.path[:1]:
        sys.path.insert(0, folder)
    place.script_dir = None
    command_line.use_arguments(None)
    return module


def execute(module: ModuleType) -> None:
    """Run the code of a module that `prepare` made; raises what it raises, OSError and SyntaxError too."""
    assert module.__file__ is not None
    with io.open_code(module.__file__) as file:
        code = compile(file.read(), module.__file__, "exec")
    exec(code, module.__dict__)  # noqa: S102 - this is what the script is for


def missing_script(path: str) -> str:
    """What is wrong with a path that should be a launch script; empty where it is a file."""
    if os.path.isdir(path):
        return f"{path} is a directory; name the launch script in it"
    return "" if os.path.isfile(path) else f"there is no launch script {path}"


@contextlib.contextmanager
def shown_as_python_does(then: Callable[[], None] | None = None) -> Iterator[None]:
    """Show an exception of the launch script as Python itself would, from the script's own line on.

    Args:
        then: what to do when it has been shown.

    Raises SystemExit then: with code 1, or 130 after Ctrl+C. An AtilaError passes where no line of the script
    has led to it.
    """
    try:
        yield
    except Exception as error:
        script = getattr(sys.modules["__main__"], "__file__", None)
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename != script:
            trace = trace.tb_next
        if trace is None and isinstance(error, AtilaError):
            raise
        if trace is None and not _cannot_be_read(error, script):
            trace = error.__traceback__
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        if then is not None:
            then()
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _cannot_be_read(error: Exception, script: str | None) -> bool:
    if isinstance(error, SyntaxError):
        return error.filename in (script, None)  # None where it holds null bytes
    return isinstance(error, OSError) and error.filename == script


def collect(
    script: str | os.PathLike[str], arguments: Sequence[str] = (), *, replace_path: bool = False
) -> Service:
    """The Starlette application of a launch script, which ends at its `skitai.run`.

    Args:
        script: path of the file.
        arguments: its command line, `["--devel"]`.

    Raises AtilaError where the script mounts nothing, and whatever the script itself raises.
    """
    path = os.fspath(script)
    if not os.path.isfile(path):
        raise AtilaError(f"there is no launch script {os.path.abspath(path)}")
    mounts = Mounts()
    before, launch.collecting = use_mounts(mounts), True
    config = RunConfig(threads=usual_threads())
    argv = sys.argv
    try:
        execute(prepare(path, arguments, replace_path=replace_path))
    except launch.Collected as collected:
        config = collected.config
        place.name = config.name
    finally:
        launch.collecting = False
        use_mounts(before)
        sys.argv = argv
    if not mounts:
        raise AtilaError(f"{path} mounts nothing: it has to call skitai.mount before skitai.run")
    use_mounts(mounts)
    command_line.use_arguments(arguments)
    # __main__ may be another script by the time that the app asks where it lies
    place.script_dir = os.path.dirname(os.path.abspath(path))
    return launch.build_service(config, mounts)


def asgi(script: str | os.PathLike[str], *arguments: str) -> Service:
    """The Starlette application of a launch script: `app = atila_compat.asgi("serve.py")`.

    The script runs as `__main__` up to its `skitai.run`; the old import names are served from now on.

    Args:
        script: path of the file.
        arguments: its command line, such as `"--devel"`.

    Raises AtilaError where there is no such file or it mounts nothing.
    """
    from ..shims.hook import install

    install()
    return collect(script, arguments)

"""What runs in a child process of `was.Process`: calls come in through one pipe, answers go out through
another.

Started as a file of its own, with nothing but the standard library: the child imports only what the
functions that it is given need. See `processes` for the other end.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
import pickle
import runpy
import signal
import struct
import sys
import traceback
import types
from typing import Any, BinaryIO

_LENGTH = struct.Struct("!Q")
MAIN, ALIAS = "__main__", "__mp_main__"


def write_message(pipe: BinaryIO, data: bytes) -> None:
    """Send one message."""
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def read_message(pipe: BinaryIO) -> bytes | None:
    """Receive one message; None where the other side has closed or died."""
    head = _read_exactly(pipe, _LENGTH.size)
    return None if head is None else _read_exactly(pipe, _LENGTH.unpack(head)[0])


def _read_exactly(pipe: BinaryIO, count: int) -> bytes | None:
    found = bytearray()
    while len(found) < count:
        piece = pipe.read(count - len(found))
        if not piece:
            return None
        found += piece
    return bytes(found)


class Unpickler(pickle.Unpickler):
    """Finds what the launch script defines, which is `__main__` on one side and `__mp_main__` on the other.

    Args:
        files: where modules are that cannot be imported by their name: apps that were mounted as files.
    """

    def __init__(self, data: bytes, files: dict[str, str]) -> None:
        super().__init__(io.BytesIO(data))
        self.files = files

    def find_class(self, module: str, name: str) -> Any:
        """The class or function `name` of `module`."""
        if module in (MAIN, ALIAS):
            found: Any = script_module()
            for part in name.split("."):
                found = getattr(found, part)
            return found
        try:
            return super().find_class(module, name)
        except ModuleNotFoundError:
            if module in sys.modules or module not in self.files:
                raise
        load_file(module, self.files[module])
        return super().find_class(module, name)


def load_file(module: str, path: str) -> None:
    """Import a file under the name of a module."""
    spec = importlib.util.spec_from_file_location(module, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[module] = loaded
    try:
        spec.loader.exec_module(loaded)
    except BaseException:
        del sys.modules[module]
        raise


def loads(data: bytes, files: dict[str, str] | None = None) -> Any:
    """Read what the other side has pickled."""
    return Unpickler(data, files or {}).load()


_script: types.ModuleType | None = None
_script_path: str | None = None
_script_module: str | None = None
_collector: str | None = None
in_child = False
"""Whether this process is such a child; `skitai.run` starts no server then."""


def script_module() -> types.ModuleType:
    """The launch script; run now in a child, as `__mp_main__`, without its `__main__` part."""
    global _script
    if not in_child:
        return sys.modules[MAIN]
    if _script is None:
        module = types.ModuleType(ALIAS)
        _script = sys.modules[ALIAS] = sys.modules[MAIN] = module
        try:
            if _script_module:
                found = runpy.run_module(_script_module, run_name=ALIAS, alter_sys=True)
            elif _script_path:
                found = _run_path(_script_path, module)
            else:
                found = {}
        finally:
            sys.modules[ALIAS] = sys.modules[MAIN] = module
        module.__dict__.update(found)
        module.__name__ = ALIAS
    return _script


def _run_path(path: str, module: types.ModuleType) -> dict[str, Any]:
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    module.__file__ = path
    if _collector:
        # a script that starts its server without asking for its name must not do so once more
        importlib.import_module(_collector).collecting = True  # type: ignore[attr-defined]
    try:
        exec(code, module.__dict__)  # noqa: S102 - the app's own launch script
    except BaseException as error:
        # a script without `if __name__ == "__main__"` ends where it would start the server
        if isinstance(error, Exception):
            raise
    return module.__dict__


class RemoteTraceback(Exception):
    """Shows, as the cause of an error, where it happened in the child process."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'\n"""\n{self.text}"""'


def _answer(call: bytes) -> bytes:
    try:
        files, packed = pickle.loads(call)  # noqa: S301 - from our own parent, through a pipe
        func, args, kwargs = loads(packed, files)
        return pickle.dumps((True, func(*args, **kwargs), ""))
    except BaseException as error:
        text = traceback.format_exc()
        try:
            data = pickle.dumps((False, error, text))
            loads(data)  # an exception with arguments of its own may not survive the way
        except Exception:
            data = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}"), text))
        return data


def main() -> None:
    """Answer calls until the parent closes its pipe."""
    global in_child, _script_path, _script_module, _collector
    in_child = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends this process
    reader = os.fdopen(int(sys.argv[1]), "rb")
    writer = os.fdopen(int(sys.argv[2]), "wb")
    start = read_message(reader)
    if start is None:
        return
    settings = pickle.loads(start)  # noqa: S301 - from our own parent, through a pipe
    sys.path[:] = settings["path"]
    sys.argv[:] = settings["argv"]
    _script_path, _script_module = settings["script"], settings["module"]
    _collector = settings["collector"]
    # functions and exceptions that were pickled as this module's are the package's
    sys.modules["atila_compat.tasks._child"] = sys.modules[MAIN]
    for name in settings["install"]:
        module = __import__(name, fromlist=["install"])
        module.install()
    while (call := read_message(reader)) is not None:
        write_message(writer, _answer(call))


if __name__ == "__main__":
    main()

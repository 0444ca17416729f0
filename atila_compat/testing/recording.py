"""What a test run has asked and been answered, for `pytest --docs` and `atila-compat docs`.

While a recorder is on, every exchange that carries `__spec__` is kept in a file of its own below a folder:
the server has to run with `--devel`, on this machine.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from .body import JSON_TYPE, is_file

if TYPE_CHECKING:
    from .response import Response

FOLDER = os.path.join(".webtest_log", "v")
"""Where the original keeps them, in the folder that the tests are started in."""


@dataclass
class Exchange:
    """A request and its answer.

    Attributes:
        url: path and query.
        request_type: content type of the body, empty without one.
        request_data: the body: a dict of a form or of JSON, text for anything else; None without one.
        response_data: parsed JSON, without `__spec__`.
        spec: what `__spec__` says of the resource (spec/08 section 2.1).
    """

    method: str
    url: str
    status_code: int
    reason: str
    request_type: str
    request_data: Any
    response_type: str
    response_data: Any
    spec: dict[str, Any]


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip()


def _plain(value: Any) -> Any:
    """A value of a form as a document shows it."""
    if is_file(value):
        name = value[0] if isinstance(value, tuple) else getattr(value, "name", None)
        return f"<FILE: {os.path.basename(name) if isinstance(name, str) else 'unnamed'}>"
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _request_data(data: Any, files: Any, content_type: str) -> Any:
    if isinstance(data, (str, bytes)) and content_type == JSON_TYPE:
        try:
            return json.loads(data)
        except ValueError:
            pass
    if data is not None and not isinstance(data, (str, bytes, Mapping, list, tuple)):
        return None if hasattr(data, "__next__") else _plain(data)
    shown = _plain(dict(data) if isinstance(data, (list, tuple)) and content_type != JSON_TYPE else data)
    if files:
        named = files.items() if isinstance(files, Mapping) else files
        shown = {**(shown or {}), **{name: _plain(file) for name, file in named}}
    return shown


class Recorder:
    """Keeps exchanges.

    Args:
        folder: where; what is in there is removed.

    Attributes:
        count: the number of exchanges that were kept.
        silent: the number of those that carried no `__spec__`.
    """

    def __init__(self, folder: str = FOLDER) -> None:
        self.folder = folder
        self.count = self.silent = 0
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)

    def add(self, response: Response, data: Any = None, files: Any = None) -> None:
        """Keep an exchange, if it says which resource has answered."""
        spec = response.spec
        if spec is None:
            self.silent += 1
            return
        self.count += 1
        request = response.raw.request
        content_type = _media(request.headers.get("content-type", ""))
        sent = _request_data(data, files, content_type)
        exchange = Exchange(
            method=request.method,
            url=request.url.raw_path.decode("ascii", "replace"),
            status_code=response.status_code,
            reason=response.reason,
            request_type=content_type if sent is not None else "",
            request_data=sent,
            response_type=_media(response.headers.get("content-type", "")),
            response_data=response.data,
            spec=spec,
        )
        with open(os.path.join(self.folder, f"{self.count:05}.spec"), "w", encoding="utf-8") as file:
            json.dump(asdict(exchange), file, ensure_ascii=False)


recorder: Recorder | None = None
"""The one that is on."""


def start(folder: str = FOLDER) -> Recorder:
    """Begin to record; what was recorded before is removed."""
    global recorder
    recorder = Recorder(folder)
    return recorder


def stop() -> None:
    """End recording; the files stay."""
    global recorder
    recorder = None


def exchanges(folder: str = FOLDER) -> Iterator[Exchange]:
    """What was recorded, in order; files that are none of ours are left out."""
    if not os.path.isdir(folder):
        return
    names = {field.name for field in fields(Exchange)}
    for entry in sorted(os.listdir(folder)):
        if not entry.endswith(".spec"):
            continue
        try:
            with open(os.path.join(folder, entry), encoding="utf-8") as file:
                found = json.load(file)
        except ValueError:
            continue
        if isinstance(found, dict) and names <= found.keys():
            yield Exchange(**{name: found[name] for name in names})

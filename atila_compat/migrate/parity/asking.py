"""Request lists: what to ask the old server where there is no real traffic to record.

    # a comment
    GET /hello?name=kim
    POST /orders {"item": 3}
    DELETE /orders/1
    PUT /notes/1 plain text

A body that is a JSON object or list is sent as JSON, `a=1&b=2` as a form, other text as text/plain. A file
with the ending .json has a list of exchanges, as cases have them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ...errors import AtilaError
from .case import Answer, Exchange
from .linking import link
from .masks import blank_tokens, usual_for, varying, whole_or_part
from .player import NoAnswer, Player

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FORM = re.compile(r"[\w.\[\]%+-]+=[^\s&]*(&[\w.\[\]%+-]+=[^\s&]*)*")


def read_requests(path: Path) -> list[dict[str, Any]]:
    """The exchanges of a request list.

    Raises AtilaError for a file that cannot be read, or a line that is no request.
    """
    try:
        text = path.read_text("utf8")
    except (OSError, UnicodeDecodeError) as error:
        raise AtilaError(f"{path} cannot be read: {error}") from error
    if path.suffix == ".json":
        return _exchanges(text, path)
    return list(_requests(text, path))


def _exchanges(text: str, path: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(text)
        entries = content["exchanges"] if isinstance(content, dict) else content
        found = [{"id": f"{number:03}", **entry} for number, entry in enumerate(entries, 1)]
    except ValueError as error:
        raise AtilaError(f"{path} is no JSON: {error}") from error
    except (KeyError, TypeError) as error:
        raise AtilaError(f"{path} has no list of exchanges: {error!r}") from error
    kinds = ("request", "websocket", "raw", "script")
    for entry in found:
        if not any(kind in entry for kind in kinds):
            raise AtilaError(f"{path}: the exchange {entry['id']} has none of {', '.join(kinds)}")
    return found


def _requests(text: str, path: Path) -> Iterator[dict[str, Any]]:
    count = 0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        method, _, rest = line.partition(" ")
        target, _, body = rest.strip().partition(" ")
        if method not in METHODS or not target.startswith("/"):
            raise AtilaError(f"{path}:{number}: a line is `METHOD /path [body]`, not {line!r}")
        count += 1
        request: dict[str, Any] = {"path": target}
        if method != "GET":
            request["method"] = method
        words = re.sub(r"[^a-z0-9]+", "-", target.partition("?")[0].lower()).strip("-") or "root"
        yield {"id": f"{count:03}-{method.lower()}-{words[:40]}", "request": request | _body(body.strip())}


def _body(text: str) -> dict[str, Any]:
    if not text:
        return {}
    if text[0] in "{[":
        try:
            return {"json": json.loads(text)}
        except ValueError:
            pass
    kind = "application/x-www-form-urlencoded" if _FORM.fullmatch(text) else "text/plain; charset=utf-8"
    return {"text": text, "headers": {"Content-Type": kind}}


def ask(
    exchanges: list[dict[str, Any]],
    url: str,
    masks: list[str],
    *,
    usual: bool = True,
    twice: bool = False,
    seen: Callable[[str], None] = lambda name: None,
) -> tuple[list[Exchange], dict[str, Answer]]:
    """Send the requests of a list to the old server; gives the exchanges with their masks, and the answers.

    Args:
        masks: patterns that are blanked in every answer.
        usual: blank times and random ids, too.
        twice: send all of them once more, and blank what has changed.
        seen: called with each exchange's id.

    Raises AtilaError where the server does not answer.
    """
    answers = _played(exchanges, url, seen)
    again = _played(exchanges, url, seen) if twice else {}
    for exchange in exchanges:
        answer = answers[exchange["id"]]
        found = [*exchange.get("mask", ()), *masks, *(usual_for(answer) if usual else ())]
        whole_or_part(exchange, answer)
        if twice:
            found += varying(answer, again[exchange["id"]])
        if found:
            exchange["mask"] = list(dict.fromkeys(found))
    if usual:
        blank_tokens(exchanges, answers)
    link([exchange for exchange in exchanges if "request" in exchange], answers)
    return list(exchanges), answers


def _played(exchanges: list[dict[str, Any]], url: str, seen: Callable[[str], None]) -> dict[str, Answer]:
    player = Player(url, Path())
    found = {}
    for exchange in exchanges:
        try:
            answer = player.play(exchange)
        except NoAnswer as error:
            raise AtilaError(f"{url}: {exchange['id']}: {error}") from error
        if answer["status"] == 0 and "request" in exchange:
            raise AtilaError(f"{url} does not answer {exchange['id']}: {answer['text']}")
        found[exchange["id"]] = answer
        seen(str(exchange["id"]))
    return found

"""Masks: what of an answer is blanked before it is compared, since it is new each time."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...errors import AtilaError
from .case import Answer
from .compare import COMPARED_HEADERS

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
USUAL: dict[str, str] = {
    "HTTP dates": rf"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:{_MONTHS}) \d{{4}} \d\d:\d\d:\d\d GMT",
    "ISO dates and times": r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?",
    "UUIDs": r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
    "JWTs": r"\beyJ[\w+/=-]{8,}\.[\w+/=-]{8,}\.[\w+/=-]{8,}",
    "seconds and milliseconds since 1970": r"\b1[4-9]\d{8}(?:\.\d+|\d{3})?\b",
    "CSRF tokens": r'(?<=name="XSRF_TOKEN" value=")[^"]+|(?<=XSRF_TOKEN=)[^;&"\s]+',
}
"""What is blanked unless it is switched off: times, and ids that are made at random."""

CONTEXT = 24
"""Characters before a value by which it is found again."""
_MARKS = ",;&<>{}[]"
_TOKEN = re.compile(r"[\w.+/=-]+|\s+|.", re.DOTALL)
_VALUE = r"[\w.+/=-]+"


def compiled(patterns: Iterable[str]) -> list[str]:
    """The patterns, checked. AtilaError for one that is no regular expression."""
    found = list(patterns)
    for pattern in found:
        try:
            re.compile(pattern)
        except re.error as error:
            raise AtilaError(f"the mask {pattern!r} is no regular expression: {error}") from error
    return found


def searched(answer: Answer) -> str:
    """The text that `save` patterns are searched in: the body, and a line for each header."""
    lines = [answer.get("text", ""), *(f"{name}: {value}" for name, value in answer.get("headers", []))]
    return "\n".join(lines)


def usual_for(answer: Answer) -> list[str]:
    """The usual masks that something matches of what is compared of an answer."""
    headers = (value for name, value in answer.get("headers", ()) if name.lower() in COMPARED_HEADERS)
    text = "\n".join([answer.get("text", ""), *headers])
    return [pattern for pattern in USUAL.values() if re.search(pattern, text)]


def blank_tokens(exchanges: Iterable[dict[str, Any]], answers: Mapping[str, Answer]) -> None:
    """Blank the CSRF tokens in the bodies of answers; a cookie has given each. The exchanges are changed."""
    known: set[str] = set()
    for exchange in exchanges:
        answer = answers.get(exchange["id"], {})
        cookies = (value for name, value in answer.get("headers", ()) if name.lower() == "set-cookie")
        known.update(value for cookie in cookies for value in re.findall(USUAL["CSRF tokens"], cookie))
        text: str = answer.get("text", "")
        for token in known:
            for found in re.finditer(rf"(?<![\w-]){re.escape(token)}(?![\w-])", text):
                context = before(text, found.start())
                mask = f"(?<={context}){_VALUE}" if context else f"(?m:^){_VALUE}"
                if mask not in exchange.setdefault("mask", []):
                    exchange["mask"].append(mask)


def before(text: str, start: int) -> str:
    """What stands right before a place, on its line and back to the last comma or bracket, as a pattern."""
    context = text[max(0, start - CONTEXT) : start].rpartition("\n")[2]
    cut = max((context.rfind(mark, 0, -1) for mark in _MARKS), default=-1)
    return re.escape(context[cut + 1 :])


def varying(one: Answer, two: Answer) -> list[str]:
    """Masks for what differs between two answers to the same request: values that are new each time.

    There are none where the second answer is of another kind, since the first request has changed something,
    and none for values that nothing tells apart from others: the masks would blank more than them.
    """
    if one["status"] != two["status"]:
        return []
    first, second = searched(one), searched(two)
    tokens = _TOKEN.findall(first), _TOKEN.findall(second)
    found: dict[str, None] = {}
    for tag, start, end, _, _ in difflib.SequenceMatcher(None, *tokens, autojunk=False).get_opcodes():
        if tag != "replace" or end - start > 3:
            continue
        place = sum(map(len, tokens[0][:start]))
        line = first[:place].count("\n")
        if line > one.get("text", "").count("\n"):
            continue  # of the headers only some are compared, and by their own rules
        context = before(first, place)
        if re.search(r"\w", context):
            found[f"(?<={context}){_VALUE}"] = None
    return list(found)


def origins(answer: Answer, host: str) -> Iterator[str]:
    """A mask for absolute URLs of the server itself, where an answer has one."""
    if host and f"://{host}" in searched(answer):
        yield r"https?://[^/\s\"'<>]+"


def is_built_in_page(answer: Answer) -> bool:
    """Whether an answer is the page that the original itself shows for an error (spec/02 section 7.5)."""
    title = f"<title>{answer['status']} {answer.get('reason', '')}</title>"
    text: str = answer.get("text", "")
    return (
        answer["status"] >= 400 and title in text and "-webkit-font-smoothing: antialiased !important" in text
    )


def whole_or_part(exchange: dict[str, Any], answer: Answer) -> None:
    """Let only the title of the original's own error pages count: here they look different."""
    if is_built_in_page(answer):
        exchange.setdefault("contains", [re.escape(f"<title>{answer['status']} {answer['reason']}")])

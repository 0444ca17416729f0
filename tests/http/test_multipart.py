from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat import Atila
from atila_compat.errors import HTTPError
from atila_compat.http import multipart
from atila_compat.http.input import BodyTooLarge, ClientDisconnect
from atila_compat.http.multipart import MAX_OPTIONS, MAX_PART_HEADER, MAX_PARTS, boundary_of, read_multipart
from atila_compat.http.uploads import ROLL_OVER, File
from tests.http.test_input import sending
from tests.serving.connection import ask

TYPE = 'multipart/form-data; boundary="B-1"'
END = b"--B-1--\r\n"
LIMIT = 8 * ROLL_OVER


@pytest.fixture(autouse=True, scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that temporary files go to; nothing may be left in it."""
    before, folder = tempfile.tempdir, tmp_path_factory.mktemp("temporary")
    tempfile.tempdir = str(folder)
    yield folder
    tempfile.tempdir = before
    assert list(folder.iterdir()) == []


def part(disposition: str, data: bytes = b"", *headers: str) -> bytes:
    """One part of a form."""
    lines = [f"Content-Disposition: form-data{disposition and '; '}{disposition}", *headers]
    return b"--B-1\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + data + b"\r\n"


def read(*pieces: bytes | None, content_type: str = TYPE, limit: int = LIMIT, keep: bool = False) -> Any:
    """What a form that comes in pieces holds: files as (name, type, content)."""

    async def play() -> Any:
        fields, body = await read_multipart(sending(*pieces), content_type, limit, keep_body=keep)
        shown = {name: shape(value) for name, value in fields.items()}
        return (shown, body) if keep else shown

    return asyncio.run(play())


def shape(value: Any) -> Any:
    if isinstance(value, list):
        return [shape(one) for one in value]
    if not isinstance(value, File):
        return value
    content = value.read()
    value.discard()
    return value.name, value.mimetype, content


def refused(*pieces: bytes | None, **options: Any) -> str:
    """Why a form is refused."""
    with pytest.raises(HTTPError) as caught:
        read(*pieces, **options)
    assert caught.value.status_code == 400
    return str(caught.value.explain)


def test_fields_and_files() -> None:
    """Parts without file names are text, others files; repeated names are lists in order."""
    body = (
        part('name="title"', "T é".encode())
        + part('name="cv"; filename="cv.md"', b"# me", "Content-Type: text/markdown")
        + part('name="tag"', b"x")
        + part('name="tag"', b"y")
        + part('name="cv"; filename="../b.md"', b"")
        + END
    )
    cvs = [("cv.md", "text/markdown", b"# me"), ("b.md", "", b"")]
    assert read(body) == {"title": "T é", "cv": cvs, "tag": ["x", "y"]}


@given(st.lists(st.integers(1, 60), max_size=30))
def test_forms_come_in_any_pieces(sizes: list[int]) -> None:
    """Where a client cuts its body makes no difference."""
    body = (
        part('name="a"', b"line 1\r\nline 2\r\n--B-x") + part('name="f"; filename="f"', b"\r\n--B\r\n") + END
    )
    pieces, rest = [], body
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    assert read(*pieces, rest) == {"a": "line 1\r\nline 2\r\n--B-x", "f": ("f", "", b"\r\n--B\r\n")}


def test_empty_forms() -> None:
    """A form without parts has no fields."""
    assert read(END) == {}


@pytest.mark.parametrize(
    ("disposition", "expected"),
    [
        ('name="f"; filename=""', ""),
        ("name=f; filename=a b.txt", ("a_b.txt", "", b"x")),
        ('name="f"; filename="사진.png"', ("사진.png", "", b"x")),
        ("name=\"f\"; filename*=UTF-8''%EA%B8%80%201.txt", ("글_1.txt", "", b"x")),
        ("name=\"f\"; filename*=latin-1'en'caf%E9.txt", ("café.txt", "", b"x")),
        ("name=\"f\"; filename*=nonsense''a.txt", ("a.txt", "", b"x")),
        ('name="f"; filename=""; filename*=UTF-8\'\'a.txt', ""),
        ('name="f"; filename="a.txt"; filename*=UTF-8\'\'b.txt', ("a.txt", "", b"x")),
        ('name="f"; filename="C:\\\\docs\\\\a.txt"', ("a.txt", "", b"x")),
        ('name="f"; filename="a\\"b.txt"', ("a_b.txt", "", b"x")),
    ],
)
def test_names_of_files(disposition: str, expected: Any) -> None:
    """File names come in several notations; an empty one, of a form field left empty, is no file."""
    data = b"" if expected == "" else b"x"
    assert read(part(disposition, data) + END) == {"f": expected}


def test_names_are_not_typed() -> None:
    """Prefixes such as `int:` belong to queries and plain forms alone, as in the original."""
    assert read(part('name="int:n"', b"5") + END) == {"int:n": "5"}


def test_bytes_that_are_no_text() -> None:
    """Text that is no UTF-8 has replacement characters."""
    assert read(part('name="a"', b"\xff\xfe") + END) == {"a": "\ufffd\ufffd"}


def test_large_files_go_to_disk(temporary: Path) -> None:
    """A file above a mebibyte is on disk while a form is read, a small one in memory."""

    async def play() -> None:
        data = b"0123456789abcdef" * (ROLL_OVER // 8)
        pieces = [data[start : start + 60_000] for start in range(0, len(data), 60_000)]
        start = b"--B-1\r\nContent-Disposition: form-data; name=big; filename=b.bin\r\n\r\n"
        end = b"\r\n" + part("name=small; filename=s", b"s") + END
        fields, body = await read_multipart(sending(start, *pieces, end), TYPE, LIMIT)
        assert body is None
        assert [path.name for path in temporary.iterdir()] == [Path(fields["big"].path).name]
        assert fields["small"].path is None
        assert fields["big"].size == len(data)
        assert fields["big"].read() == data
        fields["big"].discard()

    asyncio.run(play())


def test_raw_body_is_kept_on_demand() -> None:
    """The raw body is given back where the caller wants it."""
    body = part('name="a"', b"1") + END
    assert read(body[:9], body[9:], keep=True) == ({"a": "1"}, body)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "x" * 201,
        "multipart/form-data; boundary=x" + ";" * MAX_OPTIONS,
    ],
)
def test_boundaries_are_needed(content_type: str) -> None:
    """Without a boundary, or with one that is too long, a form is refused."""
    assert refused(END, content_type=content_type) == "multipart body without boundary"


@pytest.mark.parametrize(
    "preamble", [b"\r\n", b"For old mail programs: --B-1\r\n", b"\r\n--B-\r\n", b"x" * 99 + b"\r\n"]
)
def test_preambles_are_ignored(preamble: bytes) -> None:
    """What precedes the first boundary is not read, in whatever pieces it comes."""
    body = preamble + part('name="a"', b"1") + END
    assert read(body) == read(*(body[at : at + 1] for at in range(len(body)))) == {"a": "1"}


def test_boundaries_of_headers() -> None:
    """The boundary may be quoted and stand anywhere."""
    assert boundary_of('multipart/form-data; charset=utf-8; boundary="a b"') == b"a b"
    assert boundary_of("Multipart/Form-Data; BOUNDARY=x") == b"x"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "the multipart body ends too early"),
        (b"garbage", "malformed multipart body"),
        (b"--B-2\r\n\r\nx\r\n--B-2--\r\n", "malformed multipart body"),
        (part('name="a"', b"1"), "the multipart body ends too early"),
        (part('name="a"; filename="a"', b"x" * (ROLL_OVER + 1)), "the multipart body ends too early"),
        (b"--B-1\r\nbroken header\r\n\r\nx\r\n" + END, "malformed multipart body"),
        (b"--B-1\nContent-Disposition: form-data; name=a\n\n5\n--B-1--\n", "malformed multipart body"),
        (part('filename="a"', b"1") + END, "a part has no name"),
        (part("", b"1") + END, "a part has no name"),
        (b"--B-1\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n" + END, "a part has no name"),
        (b"--B-1\r\n\r\n1\r\n" + END, "a part has no name"),
        (part('name="a"') * (MAX_PARTS + 1) + END, f"more than {MAX_PARTS} parts"),
    ],
)
def test_malformed_forms_are_refused(body: bytes, why: str) -> None:
    """Wrong boundaries, truncated bodies, parts without names and too many parts are 400 with a reason."""
    assert refused(body) == why


@pytest.mark.parametrize(
    "headers",
    [
        ["X: " + "x" * MAX_PART_HEADER],
        [f"X-{number}: x" for number in range(3000)],
        ["X" * (MAX_PART_HEADER + 1) + ": x"],
        ["Content-Disposition: form-data; name=a" + ";" * MAX_OPTIONS],
    ],
)
def test_header_bombs_are_refused(headers: list[str]) -> None:
    """Headers of a part are limited, in length and in number."""
    assert refused(part('name="a"', b"1", *headers) + END) in (
        "the headers of a part are too long",
        "malformed multipart body",
    )


def test_bodies_end_at_the_limit() -> None:
    """A form that is longer than the limit ends as soon as it passes it; what was on disk is gone."""
    big = part('name="f"; filename="f"', b"x" * (2 * ROLL_OVER))
    with pytest.raises(BodyTooLarge):
        read(big, big, big, b"never read", limit=5 * ROLL_OVER)


def test_text_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """All text fields together are limited, since they are kept in memory."""
    monkeypatch.setattr(multipart, "MAX_TEXT", 1000)
    assert read(part('name="a"', b"x" * 1000) + END) == {"a": "x" * 1000}
    with pytest.raises(BodyTooLarge):
        read(part('name="a"', b"x" * 600) + part('name="a"', b"x" * 600) + END)


def test_clients_that_go_leave_nothing() -> None:
    """A client that goes in the middle of a file leaves nothing on disk."""
    with pytest.raises(ClientDisconnect):
        read(part('name="f"; filename="f"', b"x" * (2 * ROLL_OVER)), None)


def mutated(pieces: Iterable[bytes]) -> bytes:
    return b"".join(pieces)


fragments = st.sampled_from(
    [
        b"--B-1",
        b"--B-1--",
        b"\r\n",
        b"\r",
        b"\n",
        b"--",
        b"Content-Disposition: form-data",
        b'; name="a"',
        b'; filename="f"',
        b": ",
        b"x" * (ROLL_OVER + 1),
        part('name="a"', b"1"),
        part('name="f"; filename="f"', b"data"),
        part('name="f"; filename="f"', b"x" * (ROLL_OVER + 1)),
        END,
        b"\0\xff",
    ]
)


@given(st.lists(st.one_of(fragments, st.binary()), max_size=12).map(mutated), st.integers(1, 5000))
def test_any_body_is_a_form_or_refused(body: bytes, cut: int) -> None:
    """Whatever bytes a client sends as a form, they are parsed or refused, and nothing is left on disk."""
    with contextlib.suppress(HTTPError, BodyTooLarge):
        read(body[:cut], body[cut:])


@given(st.text())
def test_any_content_type_has_a_boundary_or_is_refused(content_type: str) -> None:
    """Whatever stands in Content-Type, there is a boundary in it or the form is refused."""
    header = content_type.encode("utf-8", "replace").decode("latin-1")
    for value in (header, "multipart/form-data; boundary=" + header):
        with contextlib.suppress(HTTPError):
            assert 0 < len(boundary_of(value)) <= 200


def form_app() -> Atila:
    """An app that takes files."""
    app = Atila("app")
    app.config.MAX_UPLOAD_SIZE = 3 * ROLL_OVER

    @app.route("/file", methods=["POST"])
    def file(was: Any, file: File, keep: str = "") -> Any:
        path = file.flush()
        if keep:
            file.move(keep)
        return was.API(size=file.size, path=path, form=file is was.request.FORM["file"])

    @app.route("/fails", methods=["POST"])
    def fails(was: Any, file: File) -> Any:
        file.flush()
        raise LookupError

    return app


@pytest.mark.parametrize("size", [5, 2 * ROLL_OVER])
def test_temporary_files_are_gone_after_the_request(tmp_path: Path, size: int) -> None:
    """A file lives as long as its request, also where the handler fails; a moved one stays."""
    app, files = form_app(), {"file": ("a.bin", b"x" * size)}
    answer = ask(app, "/file", "POST", files=files).json()
    assert answer["size"] == size
    assert answer["form"] is True
    assert not Path(answer["path"]).exists()
    assert ask(app, "/fails", "POST", files=files).status_code == 502
    kept = tmp_path / "kept.bin"
    ask(app, "/file", "POST", files=files, data={"keep": str(kept)})
    assert kept.stat().st_size == size


def test_refusals_reach_the_client() -> None:
    """Malformed forms are 400 with the reason, too large ones 413."""
    app = form_app()
    broken = ask(app, "/file", "POST", content=b"garbage", headers={"Content-Type": TYPE})
    assert (broken.status_code, broken.json()["more_info"]) == (400, "malformed multipart body")
    large = ask(app, "/file", "POST", files={"file": ("a.bin", b"x" * (3 * ROLL_OVER))})
    assert large.status_code == 413
    assert ask(app, "/file", "POST", files={"other": ("a", b"x")}).json()["more_info"] == (
        "parameter `file` is missing"
    )


def test_types_of_files_are_without_parameters() -> None:
    """The type of a file is the media type of its part."""
    body = part('name="f"; filename="a.txt"', b"a", "Content-Type: text/plain; charset=utf-8")
    assert read(body + b"--B-1--\r\n") == {"f": ("a.txt", "text/plain", b"a")}

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import anyio
import pytest

from atila_compat.http.file_contents import CHUNK, SMALL
from atila_compat.http.file_reply import FileReply, RedirectReply, content_disposition
from atila_compat.types import Message

from .answering import answer, make_scope

ALPHABET = b"abcdefghijklmnopqrstuvwxyz"
YEARS_AGO = 1600000000


@pytest.fixture
def alphabet(tmp_path: Path) -> str:
    """A small file."""
    path = tmp_path / "alphabet.txt"
    path.write_bytes(ALPHABET)
    os.utime(path, (YEARS_AGO, YEARS_AGO))
    return str(path)


def static(path: str) -> FileReply:
    """The file as a static one."""
    return FileReply(path, content_type="text/plain", validators=True)


def test_a_file_with_its_headers(alphabet: str) -> None:
    """A file has its length, its type and, where browsers are to save it, its name."""
    sent = answer(FileReply(alphabet, content_type="text/csv", filename="my report.csv"), make_scope("/"))
    assert (sent.status, sent.body, sent.ended) == (200, ALPHABET, True)
    assert sent.headers["Content-Type"] == "text/csv"
    assert sent.headers["Content-Length"] == "26"
    assert sent.headers["Content-Disposition"] == 'attachment; filename="my report.csv"'
    assert "ETag" not in sent.headers


def test_status_and_headers_of_the_handler(alphabet: str) -> None:
    """Status and headers set by the handler are sent; those that describe the file win."""
    extra = [(b"set-cookie", b"a=b"), (b"Content-Type", b"text/x")]
    reply = FileReply(alphabet, content_type="text/plain")
    sent = answer(reply, make_scope("/", Range="bytes=0-1"), status=201, headers=extra)
    assert (sent.status, sent.body) == (201, ALPHABET)
    assert sent.headers["Set-Cookie"] == "a=b"
    assert sent.headers["Content-Type"] == "text/plain"


def test_static_files_have_validators(alphabet: str) -> None:
    """A static file has Last-Modified and ETag, and 304 answers both of their conditions without a type."""
    sent = answer(static(alphabet), make_scope("/"))
    assert sent.headers["Last-Modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"
    etag = sent.headers["ETag"]
    for headers in ({"If_None_Match": etag}, {"If_Modified_Since": sent.headers["Last-Modified"]}):
        again = answer(static(alphabet), make_scope("/", **headers))
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
        assert "Content-Type" not in again.headers
        assert "Content-Length" not in again.headers


def test_failed_preconditions(alphabet: str) -> None:
    """412 is an error body."""
    sent = answer(static(alphabet), make_scope("/", If_Match='"x"'))
    assert (sent.status, sent.body) == (412, b'{"code": 41200, "message": "precondition failed"}')


@pytest.mark.parametrize("kind", ["static", "plain"])
def test_ranges(alphabet: str, kind: str) -> None:
    """Parts of a file are sent with 206 and Content-Range."""
    reply = static(alphabet) if kind == "static" else FileReply(alphabet)
    sent = answer(reply, make_scope("/", Range="bytes=2-5", Accept_Encoding="gzip"))
    assert (sent.status, sent.body) == (206, b"cdef")
    assert sent.headers["Content-Range"] == "bytes 2-5/26"
    assert sent.headers["Content-Length"] == "4"


def test_ranges_out_of_bounds(alphabet: str) -> None:
    """A range beyond the file is 416 without a body; the size is told."""
    sent = answer(static(alphabet), make_scope("/", Range="bytes=500-600"))
    assert (sent.status, sent.body, sent.headers["Content-Range"]) == (416, b"", "bytes */26")


def test_if_range(alphabet: str) -> None:
    """A range of another version is answered with the whole file."""
    sent = answer(static(alphabet), make_scope("/", Range="bytes=0-1", If_Range='"other"'))
    assert (sent.status, sent.body) == (200, ALPHABET)
    etag = sent.headers["ETag"]
    sent = answer(static(alphabet), make_scope("/", Range="bytes=0-1", If_Range=etag))
    assert (sent.status, sent.body) == (206, b"ab")


def test_head(alphabet: str) -> None:
    """HEAD has the validators, and neither body nor type."""
    sent = answer(static(alphabet), make_scope("/", method="HEAD"))
    assert (sent.status, sent.body, sent.headers["Content-Length"]) == (200, b"", "0")
    assert "ETag" in sent.headers
    assert "Content-Type" not in sent.headers


def test_post_sends_the_file(alphabet: str) -> None:
    """A handler may answer a POST with a file, which has no ranges then."""
    sent = answer(static(alphabet), make_scope("/", method="POST", Range="bytes=0-1"))
    assert (sent.status, sent.body) == (200, ALPHABET)


def test_compression(tmp_path: Path) -> None:
    """Text above 2 KB is compressed where the client takes it, and caches are told."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 5000)
    sent = answer(static(str(path)), make_scope("/", Accept_Encoding="gzip"))
    assert gzip.decompress(sent.body) == b"x" * 5000
    assert sent.headers["Content-Encoding"] == "gzip"
    assert sent.headers["Vary"] == "Accept-Encoding"
    assert int(sent.headers["Content-Length"]) == len(sent.body)


def test_max_age(alphabet: str) -> None:
    """max_age tells clients how long they may keep the file."""
    sent = answer(FileReply(alphabet, max_age=300), make_scope("/"))
    assert sent.headers["Cache-Control"] == "max-age=300"
    assert sent.headers["Expires"].endswith("GMT")


def test_large_files_are_sent_in_chunks(tmp_path: Path) -> None:
    """A large file, or a large part of one, never is in memory as a whole."""
    path = tmp_path / "big.bin"
    content = os.urandom(SMALL + CHUNK + 7)
    path.write_bytes(content)
    sent = answer(FileReply(str(path)), make_scope("/"))
    assert (sent.body, len(sent.chunks)) == (content, 4)
    assert sent.headers["Content-Length"] == str(len(content))
    sent = answer(FileReply(str(path)), make_scope("/", Range=f"bytes=5-{SMALL + 10}"))
    assert sent.body == content[5 : SMALL + 11]
    assert sent.ended


def test_a_client_that_goes_ends_the_sending(tmp_path: Path) -> None:
    """A large file is not read any further once the client has gone."""
    path = tmp_path / "big.bin"
    path.write_bytes(b"x" * (SMALL * 8))
    sent = 0

    async def play() -> None:
        gone = anyio.Event()

        async def send(message: Message) -> None:
            nonlocal sent
            sent += len(message.get("body", b""))
            if sent > CHUNK:
                gone.set()
                await anyio.sleep(0.01)

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        await FileReply(str(path)).respond(make_scope("/"), send, receive)

    anyio.run(play)
    assert sent < SMALL * 4


def test_a_file_that_was_replaced_is_sent_as_it_is_now(alphabet: str) -> None:
    """Headers and contents are of the same version, also where the file changes after it was found."""
    reply = static(alphabet)
    Path(alphabet).write_bytes(b"shorter")
    sent = answer(reply, make_scope("/"))
    assert (sent.body, sent.headers["Content-Length"]) == (b"shorter", "7")


def test_a_file_that_was_removed_fails_before_anything_is_sent(alphabet: str) -> None:
    """A file that has gone raises OSError, and nothing has been sent."""
    reply = static(alphabet)
    Path(alphabet).unlink()
    with pytest.raises(FileNotFoundError):
        answer(reply, make_scope("/"))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Missing files, directories and pipes are errors when the reply is made."""
    with pytest.raises(FileNotFoundError):
        FileReply(str(tmp_path / "none"))
    with pytest.raises(IsADirectoryError):
        FileReply(str(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileNotFoundError):
        FileReply(str(tmp_path / "pipe"))


@pytest.mark.parametrize("file", [io.BytesIO(b"from memory"), io.StringIO("from memory")])
def test_open_files_are_streamed_and_closed(file: io.IOBase) -> None:
    """An open file, of bytes or text, is sent to its end without a length, and closed."""
    reply = FileReply(fileobj=file, content_type="text/plain", filename="m.txt")
    sent = answer(reply, make_scope("/"))
    assert (sent.body, sent.ended) == (b"from memory", True)
    assert "Content-Length" not in sent.headers
    assert file.closed


def test_open_files_are_compressed() -> None:
    """A stream of text is compressed where the client takes it."""
    reply = FileReply(fileobj=io.BytesIO(b"x" * 300000), content_type="text/plain")
    sent = answer(reply, make_scope("/", Accept_Encoding="gzip"))
    assert gzip.decompress(sent.body) == b"x" * 300000


def test_download_names_cannot_break_the_header() -> None:
    """Line breaks and control characters are left out of names, quotes are escaped."""
    assert content_disposition('a"b\\c\r\nX: y') == 'attachment; filename="a\\"b\\\\cX: y"'
    assert content_disposition("é.txt") == 'attachment; filename="é.txt"'


def test_directories_redirect() -> None:
    """A directory without its slash is 301 to the path with it, below the server's own mount point."""
    sent = answer(RedirectReply("/two words/é/"), make_scope("/x", root_path="/legacy"))
    assert (sent.status, sent.headers["Location"]) == (301, "/legacy/two%20words/%C3%A9/")
    assert sent.body == b'{"code": 30100, "message": "moved permanently"}'

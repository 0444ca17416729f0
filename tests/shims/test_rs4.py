"""The helper modules that apps import from `rs4` and `aquests`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from atila_compat import structures
from atila_compat.security import otp as security_otp
from atila_compat.shims.aquests.dbapi.asynredis import AsynConnect
from atila_compat.shims.aquests.protocols.http import http_date, http_util
from atila_compat.shims.rs4 import annotations as marks
from atila_compat.shims.rs4 import argopt, attrdict, logger, pathtool, termcolor
from atila_compat.shims.rs4.webkit import jwt, otp


def test_dictionaries_are_ours() -> None:
    """`rs4.attrdict` has the package's own classes."""
    assert attrdict.AttrDict is structures.AttrDict
    assert attrdict.AttrDictTS is structures.SharedDict
    assert attrdict.CaseInsensitiveDict is structures.CaseInsensitiveDict


@pytest.mark.parametrize("key", ["secret", b"secret"])
def test_tokens(key: str | bytes) -> None:
    """A token's claims are read with the key that signed it, whatever their times say."""
    claims = {"exp": int(time.time()) + 100, "name": "한"}
    assert jwt.get_claim(key, jwt.gen_token(key, claims)) == claims
    for expired in ({"exp": 1, "a": 2}, {"exp": 99999999999, "nbf": 99999999990}):
        assert jwt.get_claim(key, jwt.gen_token(key, expired)) == expired


@pytest.mark.parametrize("token", ["", "zz", "a.b.c", jwt.gen_token("other", {"exp": 1})])
def test_wrong_tokens(token: str) -> None:
    """A token that is malformed or signed by another key is a ValueError."""
    with pytest.raises(ValueError, match="another key"):
        jwt.get_claim("secret", token)


def test_one_time_passwords() -> None:
    """A password is valid for its moment, 20 seconds before and after it, and for its salt."""
    assert otp.verify(otp.generate("abc"), "abc") == otp.generate("abc")
    assert otp.verify(otp.generate("abc", 10), "abc")
    assert otp.verify(otp.generate("abc", 100), "abc") is False
    assert otp.verify(otp.generate("abc"), "abd") is False
    assert otp.verify(security_otp.generate_otp("key"), b"key")


def test_marks() -> None:
    """`deprecated` warns at each call, `classproperty` belongs to the class, `override` changes nothing."""

    class Lion:
        @marks.classproperty
        def name(cls) -> str:  # noqa: N805 - it is given the class
            return cls.__name__  # type: ignore[attr-defined, no-any-return]

        @marks.override
        def roar(self) -> str:
            return "roar"

    @marks.deprecated("use roar")  # type: ignore[untyped-decorator]
    def shout() -> int:
        return 1

    @marks.deprecated
    def cry() -> int:
        return 2

    assert Lion.name == "Lion"
    assert Lion().roar() == "roar"
    with pytest.warns(DeprecationWarning, match="shout is deprecated: use roar"):
        assert shout() == 1
    with pytest.warns(DeprecationWarning, match="cry is deprecated"):
        assert cry() == 2
    with pytest.raises(ImportError, match="pip install zoo-tools"):
        marks.Uninstalled("zoo", "zoo-tools")()


def test_files(tmp_path: Path) -> None:
    """Directories are made once, anything can be removed, archives are packed and unpacked."""
    deep = tmp_path / "a" / "b"
    pathtool.mkdir(str(deep))
    pathtool.mkdir(str(deep))
    (deep / "one.txt").write_text("one")
    pathtool.zipdir(str(tmp_path / "a.zip"), str(tmp_path / "a"))
    pathtool.unzipdir(str(tmp_path / "a.zip"), str(tmp_path / "c"))
    assert (tmp_path / "c" / "b" / "one.txt").read_text() == "one"
    for path in (tmp_path / "c", tmp_path / "a.zip", tmp_path / "nowhere"):
        pathtool.remove(str(path))
        assert not path.exists()


def test_flash_files_delete_themselves(tmp_path: Path) -> None:
    """The file of a flash path is gone after `with`, and when the path is."""
    path = tmp_path / "flash"
    path.touch()
    with pathtool.flashfile(str(path)) as flash:
        assert flash == str(path)
        assert path.exists()
    assert not path.exists()
    path.touch()
    flash = pathtool.FlashFile(str(path))
    del flash
    assert not path.exists()


def test_file_names() -> None:
    """A text becomes a file name, a module its file."""
    assert pathtool.mkfn("a b/c?d") == "a_b_c_d"
    assert pathtool.mkfn("../..") == ".._.."
    assert pathtool.modpath("json").endswith("__init__.py")
    with pytest.raises(ModuleNotFoundError):
        pathtool.modpath("no_such_module")


def test_colours_need_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Text that goes to no terminal stays as it is."""
    assert termcolor.tc.red("x") == "x"  # type: ignore[attr-defined]
    termcolor.tc.echo("y")
    assert capsys.readouterr().out == "y\n"
    assert len(termcolor.stty_size()) == 2


def test_options_are_the_engines() -> None:
    """`rs4.argopt` reads the same command line as `skitai.options`."""
    from atila_compat import skitai

    assert argopt.options() is skitai.options
    assert argopt.add_option is skitai.add_option


def test_loggers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines go to the screen and into files, exceptions with their traceback."""
    screen = logger.screen_logger()
    filed = logger.file_logger(str(tmp_path), "zoo")
    rotated = logger.rotate_logger(str(tmp_path / "rotated.log"))
    both = logger.multi_logger([screen])
    both.add_logger(filed)
    both.add_logger(rotated)
    both.log("a line", "warn")
    try:
        raise ValueError("boom")
    except ValueError:
        both.trace()
        assert "ValueError: boom" in logger.trace()
        assert "\n" in logger.trace(multirows=True)
    both.rotate()
    both.close()
    assert "[warn] a line" in capsys.readouterr().out
    assert "ValueError: boom" in (tmp_path / "zoo.log").read_text()
    assert len(list(tmp_path.glob("rotated.log.*"))) == 1
    logger.null_logger()("nothing")


def test_logger_filters(capsys: pytest.CaptureFixture[str]) -> None:
    """A logger with a filter writes only those kinds."""
    screen = logger.screen_logger()
    screen.set_filter("error")
    screen.log("dropped", "info")
    screen.write("kept", "error")
    screen.flush()
    assert "dropped" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a=1&b=", {"a": "1", "b": ""}),
        ("?a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        ("a=%ED%95%9C+x", {"a": "한 x"}),
        ("", {}),
        (None, {}),
    ],
)
def test_crack_query(query: str | None, expected: dict[str, object]) -> None:
    """A query string becomes a dict, with lists for what occurs several times."""
    assert http_util.crack_query(query) == expected


def test_headers_are_taken_apart() -> None:
    """Values and parameters of headers, as the original gives them."""
    assert http_util.parse_params('text/html; Charset="utf-8"') == ("text/html", {"charset": "utf-8"})
    assert http_util.parse_multi_params("text/html;q=0.9, */*") == {"text/html": {"q": "0.9"}, "*/*": {}}
    assert http_util.join_headers(["A: 1", " 2", "B: 3"]) == ["A: 12", "B: 3"]
    assert http_util.get_header("content-type", {"Content-Type": "x"}) == "x"
    assert http_util.get_extension("a.tar.GZ") == "GZ"
    assert len(http_util.md5uniqid(7)) == 7


def test_dates() -> None:
    """Dates of headers in both directions; what is none is 0."""
    assert http_date.build_http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert http_date.parse_http_date("Thu, 01 Jan 1970 00:00:05 GMT") == 5
    assert http_date.parse_http_date("zoo") == 0


def test_own_databases_can_be_made() -> None:
    """The base class can be subclassed as the README does it."""

    class Zoo(AsynConnect):
        """A database class of an app."""

    assert Zoo(("localhost", 9000)).address == ("localhost", 9000)

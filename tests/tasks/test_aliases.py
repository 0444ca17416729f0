"""Names for servers, and the strings that describe them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from atila_compat.tasks import aliases
from atila_compat.tasks.aliases import Member, define, find, parse_member


@pytest.fixture(autouse=True)
def no_aliases() -> Iterator[None]:
    """Each test begins and ends without aliases."""
    aliases.reset()
    yield
    aliases.reset()


class App:
    """Stands for an app: anything that can be a key."""


@pytest.mark.parametrize(
    ("text", "ctype", "expected"),
    [
        ("user:pass@localhost/mydb", "*postgresql", Member("localhost", 5432, "user", "pass", "mydb")),
        ("localhost:9000/mydb 3", "*postgresql", Member("localhost", 9000, path="mydb", weight=3)),
        ("db.example:55/mydb/me/secret", "*postgresql", Member("db.example", 55, "me", "secret", "mydb")),
        ("u%40x:p%2F%3A@h/d", "*postgresql", Member("h", 5432, "u@x", "p/:", "d")),
        ("localhost/0", "*redis", Member("localhost", 6379, path="0")),
        ("localhost/mycollection", "*mongodb", Member("localhost", 27017, path="mycollection")),
        ("s1.myserver.com", "https", Member("s1.myserver.com", 443)),
        ("s1.myserver.com", "http", Member("s1.myserver.com", 80)),
        (
            "s1.myserver.com:8080/base/v1/ 10",
            "http",
            Member("s1.myserver.com", 8080, path="/base/v1", weight=10),
        ),
        ("http://a.example/v1", "http", Member("a.example", 80, path="/v1")),
        ("https://a.example", "http", Member("a.example", 443)),
        ("a.example/@me/x", "http", Member("a.example", 80, path="/@me/x")),
        ("[::1]:8080", "http", Member("::1", 8080)),
        ("localhost:9000", "*mydbi", Member("localhost", 9000)),
        ("localhost", "*mydbi", Member("localhost", 0)),
        ("./sqlite3.db", "*sqlite3", Member("", 0, path="./sqlite3.db")),
        ("/data/my file.db", "*sqlite3", Member("", 0, path="/data/my file.db")),
        ("localhost/mydb", "*postgresql_syn", Member("localhost", 5432, path="mydb")),
    ],
)
def test_member_strings(text: str, ctype: str, expected: Member) -> None:
    """A member string is taken apart as spec/06 section 1.1 says, with the port of its type."""
    member = parse_member(text, ctype)
    assert (member.host, member.port, member.user, member.password, member.path, member.weight) == (
        expected.host,
        expected.port,
        expected.user,
        expected.password,
        expected.path,
        expected.weight,
    )
    assert member.raw == text


@pytest.mark.parametrize("text", ["", "   ", "host:port", ":80", "user@", "host:99999", "[::1"])
def test_bad_member_strings(text: str) -> None:
    """What cannot be understood is a ValueError that shows the form."""
    with pytest.raises(ValueError, match=r"\[weight\]"):
        parse_member(text, "http")


@pytest.mark.parametrize(
    ("text", "ctype"),
    [
        ("me:secret@host:port/x", "http"),
        ("me:secret/word@host/x", "http"),
        ("me:secret@", "*redis"),
        ("host:port/db/me/secret", "*postgresql"),
        (":80/db/me/secret", "*postgresql"),
        ("mysql://me:secret/word@host/x", "*databases"),
        ("mysql://me:secret@host:port/x", "*databases"),
    ],
)
def test_errors_tell_no_passwords(text: str, ctype: str) -> None:
    """What is wrong with a member string may be in a log: it has no part of the password in it."""
    with pytest.raises(ValueError, match="member") as caught:
        parse_member(text, ctype)
    assert "secret" not in str(caught.value)


def test_a_member_is_text() -> None:
    """Anything but a string is a TypeError."""
    with pytest.raises(TypeError):
        parse_member(80, "http")  # type: ignore[arg-type]


def test_passwords_do_not_show() -> None:
    """The representation of a member keeps password and raw string to itself."""
    assert "secret" not in repr(parse_member("me:secret@localhost/x", "*postgresql"))


def test_authority() -> None:
    """An IPv6 address gets its brackets back; a missing port is left out."""
    assert parse_member("[::1]:80", "http").authority == "[::1]:80"
    assert parse_member("localhost", "*mydbi").authority == "localhost"


def test_ssl_changes_the_default_port() -> None:
    """An encrypted HTTP alias talks to port 443."""
    assert define("@a", "http", "example.com", ssl=True).members[0].port == 443
    assert define("@b", "https", "example.com").ssl


def test_the_at_sign_is_optional() -> None:
    """`mypg` and `@mypg` are the same name."""
    alias = define("mypg", "*postgresql", ["localhost/x"])
    assert alias.name == "@mypg"
    assert find("mypg") is find("@mypg") is alias


def test_the_first_definition_wins() -> None:
    """A second definition of a name is ignored and the first one returned."""
    first = define("@a", "http", "one.example")
    assert define("@a", "https", "two.example") is first


def test_an_app_sees_its_own_aliases_first() -> None:
    """An alias of an app hides the one of everyone, for that app only."""
    app, other = App(), App()
    everyone = define("@a", "http", "one.example")
    own = define("@a", "http", "two.example", app=app)
    define("@mine", "http", "three.example", app=app)
    assert find("@a", app) is own
    assert find("@a", other) is everyone
    assert find("@a") is everyone
    assert set(aliases.known(app)) == {"@a", "@mine"}
    with pytest.raises(KeyError):
        find("@mine", other)


def test_unknown_aliases_name_the_known_ones() -> None:
    """The KeyError lists what could have been meant."""
    define("@pg", "*postgresql", "localhost/x")
    with pytest.raises(KeyError, match=r"@zoo.*@pg"):
        find("@zoo")


@pytest.mark.parametrize(
    ("name", "ctype", "members"),
    [("", "http", "a"), ("@", "http", "a"), ("@a", "telnet", "a"), ("@a", "http", [])],
)
def test_bad_definitions(name: str, ctype: str, members: list[str]) -> None:
    """A missing name, an unknown type and no members are ValueErrors; nothing is defined."""
    with pytest.raises(ValueError, match="alias"):
        define(name, ctype, members)
    assert aliases.known() == {}

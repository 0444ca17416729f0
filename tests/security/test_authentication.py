from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.routing.resource import resource_of
from atila_compat.security.authentication import authenticate

from .stubs import App, digest_response, make_was


def basic(user: str, password: str) -> str:
    """The Authorization header of basic authentication."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def refused(app: App, kind: str, authorization: str | None = None, **options: Any) -> list[str] | None:
    """The challenges that a request is answered with; None where it passes."""
    headers = {} if authorization is None else {"Authorization": authorization}
    was = make_was(app, **options, **headers)
    refusal = authenticate(was, kind)
    if refusal is None:
        assert not was.response.has_key("WWW-Authenticate")
        return None
    assert (refusal.status_code, was.response.get_status(), was.request.user) == (
        401,
        "401 Unauthorized",
        None,
    )
    return [value for name, value in was.response.headers if name == "WWW-Authenticate"]


def passed(app: App, kind: str, authorization: str, **options: Any) -> Any:
    """The user of a request that passes."""
    was = make_was(app, Authorization=authorization, **options)
    assert authenticate(was, kind) is None
    return was.request.user


# -- basic ---------------------------------------------------------------------------------------------------


@pytest.fixture
def app() -> App:
    """An app with three users."""
    kept = hashlib.md5(b"enc:Vault:hidden").hexdigest()
    return App(
        users={"hans": "secret", "roh": ("pass:word", False, {"lev": "staff"}), "enc": (kept, True, None)}
    )


def test_nothing_is_asked_without_a_kind(app: App) -> None:
    """A resource without authentication lets everybody pass, also with wrong credentials."""
    was = make_was(app, Authorization="Basic x")
    assert authenticate(was, None) is None
    assert was.request.user is None


def test_basic(app: App) -> None:
    """The right password passes; the user has name, realm and info."""
    user = passed(app, "basic", basic("hans", "secret"))
    assert (str(user), user.name, user.realm, user.info) == ("hans", "hans", "Vault", None)
    assert passed(app, "basic", basic("roh", "pass:word")).info == {"lev": "staff"}
    assert str(passed(app, "basic", basic("hans", "secret").replace("Basic", "bAsIc"))) == "hans"


def test_basic_with_a_kept_hash(app: App) -> None:
    """A record that holds the MD5 of user, realm and password works too; the hash itself is no password."""
    assert str(passed(app, "basic", basic("enc", "hidden"))) == "enc"
    assert refused(app, "basic", basic("enc", app.users["enc"][0]))


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic aGFucw==",
        "Basic " + "A" * 100_000,
        "Bearer abc",
        basic("hans", "guess"),
        basic("hans", ""),
        basic("nobody", "secret"),
        basic("", ""),
    ],
)
def test_basic_refused(app: App, authorization: str | None) -> None:
    """Missing, malformed and wrong credentials are all answered by the same challenge."""
    assert refused(app, "basic", authorization) == ['Basic realm="Vault"']


def test_realms_are_quoted() -> None:
    """A realm cannot break out of its quotes."""
    assert refused(App(realm='a "b"\\\r\nX: y'), "basic") == ['Basic realm="a \\"b\\"\\\\  X: y"']


def test_users_may_be_looked_up(app: App) -> None:
    """authorization_handler is asked in place of app.users."""

    @app.authorization_handler
    def find(was: Any, name: str) -> Any:
        return {"ann": "a", "bob": ("b", False, 7)}.get(name)

    assert str(passed(app, "basic", basic("ann", "a"))) == "ann"
    assert passed(app, "basic", basic("bob", "b")).info == 7
    assert refused(app, "basic", basic("hans", "secret"))


def test_users_may_be_looked_up_asynchronously(app: App) -> None:
    """authorization_handler may be an `async def`."""

    @app.authorization_handler
    async def find(was: Any, name: str) -> Any:
        return "a"

    assert str(passed(app, "basic", basic("ann", "a"))) == "ann"


def test_names_outside_of_ascii(app: App) -> None:
    """User names and passwords are UTF-8."""
    app.users["jörg"] = "schlüssel"
    assert str(passed(app, "basic", basic("jörg", "schlüssel"))) == "jörg"


@given(st.text() | st.text().map(lambda text: "Basic " + text))
def test_any_header_is_judged(authorization: str) -> None:
    """No Authorization header fails, whatever is asked for."""
    app = App(users={"hans": "secret"})
    app.bearer_handler(lambda was, token: "no")
    for kind in ("basic", "digest", "bearer"):
        assert refused(app, kind, authorization)


# -- digest --------------------------------------------------------------------------------------------------


def challenge(app: App) -> str:
    """A nonce as the app gives it out."""
    challenges = refused(app, "digest")
    assert challenges
    found = re.fullmatch(
        r'Digest realm="Vault", qop="auth", nonce="([0-9a-f]+)", opaque="([0-9a-f]+)"', challenges[0]
    )
    assert found
    return found[1]


def test_digest(app: App) -> None:
    """Who answers the challenge passes, for this request."""
    user = passed(app, "digest", digest_response(challenge(app), uri="/vault?shelf=3"), uri="/vault?shelf=3")
    assert (str(user), user.realm, user.info) == ("hans", "Vault", None)
    assert refused(app, "digest", digest_response(challenge(app), uri="/vault"), uri="/vault?shelf=3")
    answer = digest_response(challenge(app), user="enc", password="hidden", method="POST")
    assert str(passed(app, "digest", answer, method="POST")) == "enc"


@pytest.mark.parametrize(
    "authorization",
    ["Digest", "Digest hans", 'Digest username="hans", realm="Vault"', basic("hans", "secret")],
)
def test_digest_refused(app: App, authorization: str) -> None:
    """Malformed and incomplete answers are challenged anew, without stale=true."""
    challenges = refused(app, "digest", authorization)
    assert challenges
    assert "stale" not in challenges[0]


def test_unknown_users_are_refused(app: App) -> None:
    """Nobody passes whom the app does not know."""
    challenges = refused(app, "digest", digest_response(challenge(app), user="eve"))
    assert challenges
    assert "stale" not in challenges[0]


def test_replays_are_stale(app: App) -> None:
    """An answer that was used is challenged anew with stale=true, and the next count passes."""
    nonce = challenge(app)
    assert passed(app, "digest", digest_response(nonce))
    challenges = refused(app, "digest", digest_response(nonce))
    assert challenges
    assert challenges[0].endswith(", stale=true")
    assert passed(app, "digest", digest_response(nonce, nc="00000002"))


def test_digest_names_outside_of_ascii(app: App) -> None:
    """User names in UTF-8, which servers hand on as latin-1, are understood."""
    app.users["jörg"] = "schlüssel"
    header = digest_response(challenge(app), user="jörg", password="schlüssel")
    assert str(passed(app, "digest", header.encode().decode("latin-1"))) == "jörg"


def test_foreign_nonces_can_be_refused(app: App) -> None:
    """A nonce of the client's own passes as with the original, unless config says no."""
    assert passed(app, "digest", digest_response("abcdef", cnonce="own1"))
    app.config.DIGEST_FOREIGN_NONCES = False
    assert refused(app, "digest", digest_response("abcdef", cnonce="own2"))


def test_sha_256_can_be_asked_for(app: App) -> None:
    """With config.DIGEST_SHA256 clients may choose, the better one first."""
    app.config.DIGEST_SHA256 = True
    challenges = refused(app, "digest")
    assert challenges
    assert "algorithm=SHA-256" in challenges[0]
    assert "algorithm" not in challenges[1]


def test_opaque_is_the_apps(app: App) -> None:
    """app.opaque is handed out; without one it is always the same."""
    assert [c.split("opaque=")[1] for c in refused(app, "digest") or ()] == [
        c.split("opaque=")[1] for c in refused(app, "digest") or ()
    ]
    app.opaque = "mine"
    challenges = refused(app, "digest")
    assert challenges
    assert challenges[0].endswith('opaque="mine"')


# -- bearer --------------------------------------------------------------------------------------------------


def test_bearer_handler(app: App) -> None:
    """A bearer handler says what is wrong; the header repeats it. It may set the user."""

    @app.bearer_handler
    def check(was: Any, token: str) -> Any:
        if token == "object":
            return object()
        if token != "key":
            return 'invalid "key"'
        was.request.user = "hans"
        return None

    assert passed(app, "bearer", "Bearer key") == "hans"
    assert passed(app, "bearer", "bearer  key ") == "hans"
    assert refused(app, "bearer", "Bearer x") == ['Bearer realm="Vault", error="invalid \\"key\\""']
    assert refused(app, "bearer", "Bearer object") == ['Bearer realm="Vault", error="invalid token"']


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer ", "Basic x", "key"])
def test_bearer_without_a_token(app: App, authorization: str | None) -> None:
    """Without a token the handler is not asked."""
    app.bearer_handler(lambda was, token: pytest.fail("asked"))
    assert refused(app, "bearer", authorization) == ['Bearer realm="Vault"']


def test_tokens_are_jwt_by_default(app: App) -> None:
    """Without a handler the token is a JWT; what is wrong with it is told."""
    for claims, expected in (({"sub": "x"}, None), ({"err": "token expired"}, "token expired")):
        was = make_was(app, Authorization="Bearer a.b.c")
        was.decode_jwt = lambda token, claims=claims: claims
        refusal = authenticate(was, "bearer")
        assert (refusal is None) is (expected is None)
        if expected:
            assert was.response.get_header("WWW-Authenticate") == f'Bearer realm="Vault", error="{expected}"'


# -- declaring -----------------------------------------------------------------------------------------------


def test_authorization_required(app: App) -> None:
    """The decorator asks for authentication of this resource, and is documented."""

    @app.authorization_required("digest")
    def vault(was: Any) -> str:
        return "gold"

    assert resource_of(vault).options["authenticate"] == "digest"
    assert resource_of(vault).auth_requirements == [("authorization", "digest")]


@pytest.mark.parametrize(
    ("given", "kind"), [(None, None), ("", None), (False, None), (True, "digest"), ("bearer", "bearer")]
)
def test_kinds_of_a_whole_app(app: App, given: Any, kind: str | None) -> None:
    """True is digest, as for routes; what is empty asks nobody."""
    app.authenticate = given
    assert app.authenticate == kind


def test_unknown_kinds_of_a_whole_app(app: App) -> None:
    """Another kind is an error where it is set, not one of each request."""
    with pytest.raises(AssertionError, match="bearer"):
        app.authenticate = "ntlm"


def test_unknown_kinds(app: App) -> None:
    """Another kind is an error when it is declared."""
    with pytest.raises(AssertionError, match="bearer"):
        app.authorization_required("ntlm")


@pytest.mark.parametrize("record", ["", ("", False, None), None, False, (), (None, True)])
def test_who_has_no_password_is_nobody(app: App, record: Any) -> None:
    """An empty password opens nothing, neither by basic nor by digest authentication."""
    app.users["empty"] = record
    assert refused(app, "basic", basic("empty", "")) == ['Basic realm="Vault"']
    assert app.find_user(make_was(app), "empty") is None


def test_odd_records_are_told(app: App) -> None:
    """A record in another form is the app's error, not the client's."""
    app.users["odd"] = 7
    was = make_was(app, Authorization=basic("odd", "7"))
    with pytest.raises(TypeError, match="odd"):
        authenticate(was, "basic")

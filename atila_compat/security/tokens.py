"""The tokens of `was`: CSRF, JWT, one-time passwords and tokens, kept passwords (spec/04 sections 7-10)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..http.signing import SecureKey, secure_keys
from . import csrf, jwt, ott, passwords
from . import otp as clock_passwords

if TYPE_CHECKING:
    from ..http.cookies import Cookies
    from ..http.session import Session


class Tokens:
    """Methods of `was`; those that sign or verify raise AssertionError where the app has no `securekey`."""

    if TYPE_CHECKING:
        app: Any
        request: Any
        cookie: Cookies
        session: Session
        _clock: Callable[[], float]

    def _keys(self, salt: SecureKey | None = None) -> tuple[bytes, ...]:
        return secure_keys(self.app.securekey if salt is None else salt)

    # -- cross-site request forgery -------------------------------------------------------------------------

    @property
    def csrf_token(self) -> str:
        """The client's CSRF token; a client that has none gets one as cookie."""
        return csrf.token(self.cookie, self.app.debug)

    def generate_csrf(self) -> str:
        """The same as `csrf_token`."""
        return self.csrf_token

    @property
    def csrf_token_input(self) -> str:
        """A hidden input with the CSRF token, for forms."""
        return csrf.field(self.csrf_token)

    def verify_csrf(self, keep: bool = True) -> bool:
        """Whether the request repeats its CSRF token, as header `X-XSRF-TOKEN` or argument `XSRF_TOKEN`.

        Args:
            keep: whether the token may be used again.
        """
        given = self.request.get_header(csrf.HEADER) or self.request.ARGS.get(csrf.NAME)
        return csrf.verify(self.cookie, given, keep, self.app.debug)

    csrf_verify = verify_csrf

    def remove_csrf(self) -> None:
        """Delete the client's CSRF token."""
        self.cookie.remove(csrf.NAME)

    # -- JSON Web Tokens ------------------------------------------------------------------------------------

    def encode_jwt(self, claims: Mapping[str, Any], salt: SecureKey | None = None, alg: str = "HS256") -> str:
        """A signed token.

        Args:
            claims: with `exp`, the time in epoch seconds at which it expires.
            salt: the secret; None: the app's `securekey`.
            alg: HS1, HS256, HS384 or HS512.

        Raises AssertionError where `exp` is missing, ValueError for other algorithms.
        """
        return jwt.encode(claims, self._keys(salt)[0], alg)

    mkjwt = encode_jwt

    def decode_jwt(self, token: str | None = None, salt: SecureKey | None = None) -> dict[str, Any]:
        """The claims of a token, or `{"err": reason}`: "no bearer token", "invalid token", "token expired" or
        "token not activated yet".

        Claims with a `username` make `was.request.user`.

        Args:
            token: None: what was decoded last in this request, else the bearer token.
            salt: the secret; None: the app's `securekey`.
        """
        if token is None:
            last: dict[str, Any] | None = self.__dict__.get("_claims")
            if last is not None:
                return last
            scheme, _, token = self.request.get_header("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token:
                return {"err": jwt.NO_TOKEN}
        if not isinstance(token, str) or not jwt.well_formed(token):
            claims: dict[str, Any] = {"err": jwt.INVALID}
        else:
            claims = jwt.decode(token, self._keys(salt), self._clock())
            if "username" in claims:
                self.request.user = jwt.JWTUser(claims)
        self.__dict__["_claims"] = claims
        return claims

    dejwt = decode_jwt

    # -- one-time passwords ---------------------------------------------------------------------------------

    def generate_otp(self, salt: Any = None) -> str:
        """The one-time password of this moment; `salt`: the secret, None: the app's `securekey`."""
        return clock_passwords.password(self._keys()[0] if salt is None else salt, self._clock())

    def verify_otp(self, otp: Any, salt: Any = None) -> str | bool:
        """The password itself where it is right, up to 20 seconds ago or ahead, else False.

        Args:
            otp: what the client has sent.
            salt: the secret; None: the app's `securekey`.
        """
        if not otp:
            return False
        salts = self._keys() if salt is None else (salt,)
        return otp if clock_passwords.verify(otp, salts, self._clock()) else False

    # -- one-time tokens ------------------------------------------------------------------------------------

    def encode_ott(self, obj: Any, timeout: float | None = 1200, session_key: str | None = None) -> str:
        """A token that holds `obj`, readable by everybody and made by nobody else.

        Args:
            obj: what a session can hold.
            timeout: seconds it is valid; 0 or None: for ever.
            session_key: name of a session that keeps a secret for it: only this client can use the token,
                until `revoke_ott` or the next token of this name.

        Raises AssertionError for a `session_key` without `timeout`, TypeError where `obj` cannot be stored.
        """
        expiry = self._clock() + timeout if timeout else 0
        if not session_key:
            return ott.encode(ott.OneTimeToken(obj, expiry), self._keys())
        if not timeout:
            raise AssertionError("session ott require timeout: give seconds, or no session key")
        token = ott.OneTimeToken(obj, expiry, session_key, secrets.token_hex(16))
        text = ott.encode(token, self._keys())
        session = self.session.sibling(session_key)
        session.set(token.session_item, token.secret)
        session.set_expiry(timeout)
        session.commit()
        return text

    mkott = encode_ott
    mktoken = encode_ott
    token = encode_ott

    def _ott(self, text: Any) -> ott.OneTimeToken | None:
        return ott.decode(text, self._keys(), bool(self.app.read_legacy_sessions))

    def _session_of(self, token: ott.OneTimeToken) -> Session | None:
        """The session that holds the token's secret; None where the client has none, or a newer one."""
        session: Session = self.session.sibling(token.session_key or "")
        kept = session.get(token.session_item)
        if isinstance(kept, str) and hmac.compare_digest(kept.encode(), token.secret.encode()):
            return session
        return None

    def decode_ott(self, s: Any) -> Any:
        """What the token holds; None where it is malformed, altered, expired or revoked."""
        token = self._ott(s)
        if token is None or (token.expiry and token.expiry < self._clock()):
            return None
        if token.session_key:
            session = self._session_of(token)
            if session is None:
                return None
            session.commit()
        return token.value

    deott = decode_ott
    detoken = decode_ott

    def revoke_ott(self, s: Any) -> None:
        """Make a token with a session key worthless; nothing happens for others."""
        token = self._ott(s)
        session = self._session_of(token) if token is not None and token.session_key else None
        if token is not None and session is not None:
            session.remove(token.session_item)
            session.commit()

    rvott = revoke_ott
    rmtoken = revoke_ott

    # -- passwords ------------------------------------------------------------------------------------------

    def encrypt_password(self, password: str) -> tuple[str, str]:
        """(salt, signature) to be kept in place of a password."""
        return passwords.encrypt_password(password)

    def verify_password(self, password: str, salt: str, signature: str) -> bool:
        """Whether salt and signature were made of this password."""
        return passwords.verify_password(password, salt, signature)

"""Cookies and tokens as the original (Atila 0.11.0 on Skitai 0.38.1.2) has set them, and their key."""

from __future__ import annotations

KEY = "state-key"

RECORDED_AT = 1795342034
"""Epoch seconds; sessions were given 1200 seconds from here."""

PEER = "127.0.0.1"
"""The client's address."""

SESSION = (
    "VcYLVtMweslezaMcZJWGPrxmzPs=?_valids=KEqCwwJrWAkAAAAxMjcuMC4wLjFxAHRxAS4=&big=TDEwMDAwMDAwMDAwMD"
    "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwTAou&blob=Y19jb2RlY3MKZW5jb2RlCnEAKFgGAAAAAMO/YWJjcQFYBgAA"
    "AGxhdGluMXECdHEDUnEELg==&clock=Y2RhdGV0aW1lCnRpbWUKcQAoY19jb2RlY3MKZW5jb2RlCnEBKFgGAAAAAQIDAAAAc"
    "QJYBgAAAGxhdGluMXEDdHEEUnEFdHEGUnEHLg==&day=Y2RhdGV0aW1lCmRhdGUKcQAoY19jb2RlY3MKZW5jb2RlCnEBKFgF"
    "AAAAB8OkAQJxAlgGAAAAbGF0aW4xcQN0cQRScQV0cQZScQcu&delta=Y2RhdGV0aW1lCnRpbWVkZWx0YQpxAChLAUsCSwN0c"
    "QFScQIu&empty=Y19fYnVpbHRpbl9fCmJ5dGVzCnEAKVJxAS4=&frozen=Y19fYnVpbHRpbl9fCmZyb3plbnNldApxAChdcQ"
    "FYAQAAAGFxAmF0cQNScQQu&list=XXEAKEsBXXEBKEsCfXECWAEAAABhcQNOc2UpZS4=&login=STAxCi4=&map=fXEAKEsB"
    "SwJYAQAAAHhxAX1xAlgBAAAAeXEDXXEEc3Uu&mid=SnARAQAu&n=SwMu&neg=Svv///8u&none=Ti4=&ordered=Y2NvbGxl"
    "Y3Rpb25zCk9yZGVyZWREaWN0CnEAKVJxAVgBAAAAYXECSwFzLg==&price=Y2RlY2ltYWwKRGVjaW1hbApxAChYBAAAADEuN"
    "TBxAXRxAlJxAy4=&ratio=Rz/QAAAAAAAALg==&set=Y19fYnVpbHRpbl9fCnNldApxAChdcQEoSwFLAmV0cQJScQMu&text"
    "=WA4AAADtlZwgJiA9IDsgdGV4dHEALg==&tuple=KEsBKEsCdHEAdHEBLg==&user_id=WAcAAABoYW5zcm9ocQAu&utc=Y2"
    "RhdGV0aW1lCmRhdGV0aW1lCnEAKGNfY29kZWNzCmVuY29kZQpxAShYCwAAAAfDpAECAwQFAAAAcQJYBgAAAGxhdGluMXEDdH"
    "EEUnEFY2RhdGV0aW1lCnRpbWV6b25lCnEGKGNkYXRldGltZQp0aW1lZGVsdGEKcQcoSwBLAEsAdHEIUnEJdHEKUnELdHEMUn"
    "ENLg==&uuid=XXEAKGNjb3B5X3JlZwpfcmVjb25zdHJ1Y3RvcgpxAShjdXVpZApVVUlECnECY19fYnVpbHRpbl9fCm9iamVj"
    "dApxA050cQRScQV9cQZYAwAAAGludHEHSwVzYmgBKGgCaANOdHEIUnEJfXEKaAdLBnNiZS4=&when=Y2RhdGV0aW1lCmRhdG"
    "V0aW1lCnEAKGNfY29kZWNzCmVuY29kZQpxAShYCwAAAAfDpAECAwQFAAAGcQJYBgAAAGxhdGluMXEDdHEEUnEFdHEGUnEHLg"
    "==&%ED%95%9C=WAMAAABrZXlxAC4="
)
"""A session with a value of each kind that apps keep."""

SMALL = "QdtI8kTfkiFCCGmGqOAPORJwJa8=?_valids=KEqCwwJrWAkAAAAxMjcuMC4wLjFxAHRxAS4=&login=STAxCi4="
"""A session that holds {"login": True}."""

OBJECT = (
    "XKLyMTGSlaFQwFVItjU6PatW1Ik=?_valids=KEqCwwJrWAkAAAAxMjcuMC4wLjFxAHRxAS4=&obj=Y2V4Y2VwdGlvbnMKRX"
    "hjZXB0aW9uCnEAKFgEAAAAYm9vbXEBdHECUnEDLg=="
)
"""A session that holds an exception: no plain data."""

MBOX = (
    "ikhFoiBOAhXGFrNjYiVIQtuvP/8=?KEr/////R0HawK+0lR2FWAkAAAAxMjcuMC4wLjFxAHRxAS4=&KEsAWAYAAABub3RpY2"
    "VxAErSvgJrSwBYBQAAAGZsYXNocQF9cQJ0cQMu&KEsBWAUAAABhbGFybXEAStK+AmtLPFgEAAAAa2VwdHEBfXECKFgEAAAAd"
    "XNlcnEDWAQAAABoYW5zcQRYBQAAAGdyb3VwcQUoSwFLAnRxBnV0cQcu"
)
"""Two messages: one for one reading, one for 60 seconds."""

OTT = (
    "XNJIiuqOjKLaHPg2eAWVmUzEBAg?fXEAKFgGAAAAb2JqZWN0cQF9cQIoWAIAAABpZHEDSwNYBAAAAHRhZ3NxBChYAQAAAGFx"
    "BU50cQZ1WAcAAAB0aW1lb3V0cQdHQdrAsEqWj2F1Lg"
)
"""{"id": 3, "tags": ("a", None)} for 600 seconds."""

OTT_FOREVER = "yQKL+pTQar5hi0zhMzOmIgjGE44?fXEAKFgGAAAAb2JqZWN0cQFYBAAAAGhhbnNxAlgHAAAAdGltZW91dHEDSwB1Lg"
""""hans", without expiry."""

OTT_KEYED = (
    "GMj5y7Ti0S2l7xIKWcnYV6A5GMs?fXEAKFgGAAAAb2JqZWN0cQFYBAAAAGhhbnNxAlgHAAAAdGltZW91dHEDR0HawLCVmXBn"
    "WA4AAABfc2Vzc2lvbl90b2tlbnEEKFgLAAAAX3JzZXRfdG9rZW5xBVgSAAAAMHhiZDAwY2Y2ZDUwNjIyMWVmcQZ0cQd1Lg"
)
""""hans" for 900 seconds, with the session key "rset"."""

OTT_SESSION = (
    "aUAy3tUjhq60oOgYBJoqC40LyR0=?_rset_token=WBIAAAAweGJkMDBjZjZkNTA2MjIxZWZxAC4=&_valids=KEpWwgJrWA"
    "kAAAAxMjcuMC4wLjFxAHRxAS4="
)
"""The session ATLSES_RSET of the token before."""

JWT = (
    "eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAiZXhhbXBsZS5jb20iLCAiZXhwIjogNDEwMjQ0NDgwMH0"
    ".HnBkkAhOF38D3KY/M0ywaVzMzc2xHIHI07XngJaQnlI"
)
"""Claims iss and exp, signed by HS256."""

PASSWORD = ("hbrKWEe4nXAyO9nztuHV5Q==", "GRusqYIk3WF1PixLi4TwD6h0+KWBD7F6+g9aMuUkzbU=")
"""Salt and signature of "pässword"."""

"""FastAPI and Starlette around an Atila app: what they share with it, on uvicorn."""

from __future__ import annotations

import sys

import httpx
import pytest

from ..launch import Serve

UVICORN = (sys.executable, "-m", "uvicorn", "--log-level=warning", "serve:app")

OUTSIDE = """
    from atila_compat import Atila
    from atila_compat.contrib.native import (
        SharedState, error_pages, read_session, require_csrf, require_login, require_permission, was_of)
    from fastapi import Depends, FastAPI, HTTPException, Request
    from starlette.exceptions import HTTPException as AnyHTTPException
    from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
    from starlette.middleware.authentication import AuthenticationMiddleware

    legacy = Atila (__name__)
    legacy.securekey = "a secret for tests"

    @legacy.default_error_handler
    def error_page (was, error):
        return "PAGE {} {}".format (error ["code"], error ["detail"] or "")

    @legacy.permission_handler
    def permitted (was, perms):
        if was.session.get ("user") not in perms:
            raise was.Error ("403 Permission Denied")

    @legacy.login_handler
    def login (was):
        if not was.session.get ("user"):
            return was.redirect ("/sign-in")

    @legacy.route ("/count")
    def count (was):
        was.session ["count"] = was.session.get ("count", 0) + 1
        return was.API (count = was.session ["count"], token = was.csrf_token)

    @legacy.route ("/sign/<name>")
    def sign (was, name):
        was.session ["user"] = name
        return was.API (name = name)

    @legacy.route ("/whoami")
    def whoami (was):
        return was.API (user = was.request.user and was.request.user.username)

    app = FastAPI ()

    @app.get ("/legacy/new")
    async def new (was = Depends (was_of)):
        was.session ["count"] = was.session.get ("count", 0) + 1
        return {"count": was.session ["count"]}

    @app.get ("/legacy/read")
    async def read (request: Request):
        session = read_session (request, legacy)
        session ["count"] = 77
        return {"user": session.get ("user")}

    @app.get ("/legacy/members")
    async def members (request: Request):
        await require_permission (request, "kim")
        return {"ok": True}

    @app.get ("/legacy/mine")
    async def mine (request: Request):
        await require_login (request)

    @app.post ("/legacy/csrf")
    async def csrf (request: Request):
        await require_csrf (request)
        return {"ok": True}

    @app.get ("/legacy/gone")
    async def gone ():
        raise HTTPException (410, "gone for good")

    class Header (AuthenticationBackend):
        async def authenticate (self, connection):
            name = connection.headers.get ("x-user")
            return (AuthCredentials (["authenticated"]), SimpleUser (name)) if name else None

    app.mount ("/legacy", legacy)
    app.add_middleware (SharedState, atila = legacy, point = "/legacy")
    app.add_middleware (AuthenticationMiddleware, backend = Header ())
    app.add_exception_handler (AnyHTTPException, error_pages (legacy))
"""


@pytest.fixture
def outside(serve: Serve) -> httpx.Client:
    """A FastAPI application that an Atila app is mounted in, on uvicorn."""
    return serve(OUTSIDE, command=UVICORN).client


def test_fastapi_beside_it_shares_the_session(outside: httpx.Client) -> None:
    """Endpoints of FastAPI read and write the session of the Atila app that it mounts."""
    paths = ("/legacy/new", "/legacy/count", "/legacy/new")
    assert [outside.get(path).json()["count"] for path in paths] == [1, 2, 3]
    outside.get("/legacy/sign/kim")
    assert outside.get("/legacy/read").json() == {"user": "kim"}
    assert outside.get("/legacy/count").json()["count"] == 4


def test_fastapi_beside_it_shares_checks_and_error_pages(outside: httpx.Client) -> None:
    """Permission handler, CSRF tokens and error pages of the Atila app serve FastAPI's endpoints."""
    gone = outside.get("/legacy/gone")
    assert (gone.status_code, gone.text) == (410, "PAGE 410 gone for good")
    assert outside.get("/legacy/members").text == "PAGE 403 "
    login = outside.get("/legacy/mine")
    assert (login.status_code, login.headers["location"]) == (302, "/sign-in")
    outside.get("/legacy/sign/kim")
    assert outside.get("/legacy/members").json() == {"ok": True}
    token = outside.get("/legacy/count").json()["token"]
    assert outside.post("/legacy/csrf").text == "PAGE 400 CSRF token error"
    assert outside.post("/legacy/csrf", headers={"X-XSRF-TOKEN": token}).json() == {"ok": True}


def test_user_of_starlette_is_the_user_of_the_app(outside: httpx.Client) -> None:
    """Whom Starlette's AuthenticationMiddleware knows is `was.request.user`; nobody else is."""
    assert outside.get("/legacy/whoami", headers={"x-user": "lee"}).json() == {"user": "lee"}
    assert outside.get("/legacy/whoami").json() == {"user": None}


FOREIGN = """
    import django
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.urls import path
    from flask import Flask
    import skitai
    from atila import Atila

    app = Atila (__name__)
    wiki = Flask ("wiki")

    @app.route ("/")
    def index (was):
        return "atila"

    @wiki.route ("/page")
    def page ():
        return "flask"

    def hello (request, name):
        return HttpResponse ("django says hello to " + name)

    if __name__ == "__main__":
        urlpatterns = [path ("hello/<str:name>", hello)]
        settings.configure (SECRET_KEY = "a secret for tests", ROOT_URLCONF = __name__, ALLOWED_HOSTS = ["*"])
        skitai.mount ("/", app)
        skitai.mount ("/wiki", wiki)
        skitai.mount ("/dj", get_wsgi_application ())
        skitai.run ()
"""


def test_django_and_flask_are_mounted_beside_it(serve: Serve) -> None:
    """`skitai.mount` takes WSGI apps of Django and Flask, as the original does."""
    client = serve(FOREIGN).client
    assert client.get("/").text == "atila"
    assert client.get("/wiki/page").text == "flask"
    assert client.get("/dj/hello/kim").text == "django says hello to kim"

"""The notice board: what its launch script mounts."""

import os
import secrets

import skitai
from atila import Atila

from . import storage


def __config__(pref):
    data = skitai.abspath(skitai.get_option("--data") or ".")
    os.makedirs(os.path.join(data, "uploads"), exist_ok=True)
    pref.set_static("/static", skitai.abspath("board/static"))
    pref.set_media("/media", os.path.join(data, "uploads"))
    # signs the sessions; without BOARD_KEY everybody has to sign in again after a restart
    pref.securekey = os.environ.get("BOARD_KEY") or secrets.token_hex()
    storage.prepare(os.path.join(data, "board.sqlite3"))


def __app__():
    app = Atila(__name__)
    app.jinja_overlay(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return app


def __setup__(app, mntopt):
    from . import services

    app.mount("/", services)

    @app.login_handler
    def login_handler(was):
        if was.session.get("name"):
            return None
        was.mbox.send("Sign in first, please.", "hint")
        return was.redirect(was.urlfor("people.sign_in"))

    @app.default_error_handler
    def error_page(was, error):
        return was.render("error.html", error=error)

"""The to-do service: what its launch script mounts."""

import os
import secrets

import skitai
from atila import Atila

from . import schema


def __config__(pref):
    path = skitai.abspath(skitai.get_option("--database") or "todo.sqlite3")
    schema.create(path)
    skitai.alias("@todo", skitai.DB_SQLITE3, [path])
    # tokens are signed with it; without TODO_KEY they last until the service ends
    pref.securekey = os.environ.get("TODO_KEY") or secrets.token_hex()
    pref.config.MAX_UPLOAD_SIZE = 64 * 1024


def __app__():
    return Atila(__name__)


def __setup__(app, mntopt):
    from . import permission, services

    permission.install(app)
    app.mount("/", services)

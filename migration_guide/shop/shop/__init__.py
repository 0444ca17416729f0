import skitai
from atila import Atila

from . import schema

def __config__ (pref):
    path = skitai.abspath (skitai.get_option ("--database") or "shop.sqlite3")
    schema.create (path)
    skitai.alias ("@shop", skitai.DB_SQLITE3, [path])
    pref.config.MAX_UPLOAD_SIZE = 1024 * 1024

def __app__ ():
    return Atila (__name__)

def __setup__ (app, mntopt):
    from . import access, services

    access.install (app)
    app.mount ("/", services)

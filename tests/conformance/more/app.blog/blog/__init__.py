import skitai
from atila import Atila
def __config__ (pref):
    pref.config.MAX_UPLOAD_SIZE = 1024 * 1024
def __app__ ():
    return Atila (__name__)
def __setup__ (app, mntopt):
    from .services import posts, account, admin
    app.mount ("/posts", posts)
    app.mount ("/account", account)
    app.mount ("/admin", admin)
    app.setup_sqlphile (skitai.DB_SQLITE3, "sqlmaps")
    @app.login_handler
    def login_handler (was):
        if was.session.get ("user"):
            return
        if "html" in was.request.get_header ("accept", ""):
            return was.redirect (was.urlfor ("account.signin") + "?next=" + was.request.uri)
        raise was.Error ("401 Unauthorized", "sign in first")
    @app.permission_handler
    def permission_handler (was, perms):
        lev = was.session.get ("lev")
        if not lev: raise was.Error ("401 Unauthorized")
        if perms and lev not in perms: raise was.Error ("403 Permission Denied", "need " + ",".join (perms))
    @app.default_error_handler
    def on_error (was, error):
        if error ["code"] == 500: return was.API (oops = True)
        return was.render ("errors/default.j2", error = error)
    @app.error_handler (404)
    def on_404 (was, error):
        return was.render ("errors/404.j2", error = error)
def __mount__ (app, mntopt):
    @app.route ("/")
    def index (was):
        return was.redirect (was.urlfor ("posts.listing"))
    @app.route ("/ping")
    def ping (was): return "pong"

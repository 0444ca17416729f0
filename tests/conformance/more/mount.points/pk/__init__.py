from atila import Atila
LOG = []
def __app__ (): return Atila (__name__)
def __setup__ (app, mntopt):
    from .services import a, b, e, f
    app.mount ("/a/", a)
    app.mount ("", b)
    app.mount ("/", e)
    app.mount ("/f/g/", f)
def __mount__ (app, mntopt):
    @app.route ("/log")
    def log (was): return was.API (log = LOG, own = {k: v for k, v in mntopt.items () if k != "base_dir"})
    @app.route ("")
    def blank (was): return "never"

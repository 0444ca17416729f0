from atila import Atila
def __config__ (pref): pref.config.WHO = "base"
def __app__ (): return Atila (__name__)
def __setup__ (app, mntopt):
    from . import services
    app.mount ("/", services)
def __mount__ (app, mntopt):
    @app.route ("/")
    def index (was): return "base index"
    @app.error_handler (404)
    def nf (was, error): return "base 404"

from atila import Atila
def __app__ (): return Atila (__name__)
def __mount__ (app, mntopt):
    @app.route ("/")
    def index (was): return "oi"
    @app.route ("/one/<int:n>")
    def one (was, n): return "one %s %s" % (n, was.app.name)

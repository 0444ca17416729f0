
def __setup__ (app, mntopt):
    from . import deep
    app.mount ("/deep", deep)
def __mount__ (app, mntopt):
    @app.route ("", methods = ["GET", "POST"])
    def list (was, **k): return was.API (k = k, me = was.request.routable ["func_id"])
    @app.route ("/<int:id>", methods = ["GET", "DELETE"])
    def one (was, id): return "%s %s" % (was.request.method, id)
    @app.route ("/opts")
    def opts (was): return was.API (mntopt)

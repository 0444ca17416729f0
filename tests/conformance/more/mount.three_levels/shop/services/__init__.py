
def __setup__ (app, mntopt):
    from . import v1, v2, sec
    app.mount ("/v1", v1)
    app.mount ("/v2", v2)
    app.mount ("/auth", sec, authenticate = "basic")
def __mount__ (app, mntopt):
    @app.route ("/ext/<name>")
    def ext (was, name): return was.API (name = name, id = was.request.routable ["func_id"])

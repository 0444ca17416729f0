def __mount__ (app, mntopt):
    @app.route ("/<name>")
    def top (was, name = "t"): return was.API (name = name, r = was.request.routable ["route"], f = was.request.routable ["func_id"], o = was.request.routable ["mntopt"])

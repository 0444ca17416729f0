def __mount__ (app, mntopt):
    @app.route ("/users")
    @app.permission_required (["staff"])
    def users (was): return was.API (users = was.db ("@blog").select ("author").get ("name, lev").order_by ("id").exfetch ())
    @app.route ("/users/<name>", methods = ["DELETE"])
    @app.permission_required (["staff"])
    def remove (was, name):
        was.db ("@blog").delete ("author").filter (name = name).execute ().commit ()
        return was.response ("204 No Content")
    @app.route ("/jobs", coroutine = True)
    @app.permission_required (["staff"])
    def jobs (was):
        t = yield was.Subprocess ("printf done")
        return was.API (r = t.fetch ())

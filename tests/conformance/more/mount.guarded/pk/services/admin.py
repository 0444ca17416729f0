def __mount__ (app, mntopt):
    @app.route ("")
    def top (was): return "admin " + was.request.user.name
    @app.route ("/<name>/edit", methods = ["GET", "POST"])
    def edit (was, name, **kw): return was.API (name = name, kw = kw, user = str (was.request.user))
    @app.route ("/boom")
    def boom (was): raise was.Error ("409 Conflict", "boom", 5)

def __mount__ (app, mntopt):
    @app.route ("/signin", methods = ["GET", "POST"])
    def signin (was, name = None, pw = None, next = None):
        if was.request.method == "GET":
            return was.render ("signin.j2", next = next)
        try:
            row = was.db ("@blog").select ("author").filter (name = name, pw = pw).execute ().one ()
        except was.Error:
            raise was.Error ("401 Unauthorized", "wrong name or password")
        was.session.set ("user", row.name); was.session.set ("uid", row.id); was.session.set ("lev", row.lev)
        return next and was.redirect (next) or was.API (user = row.name, lev = row.lev)
    @app.route ("/signout")
    def signout (was):
        was.session.remove ("user"); was.session.remove ("uid"); was.session.remove ("lev")
        return was.API (user = was.session.get ("user"))
    @app.route ("/me")
    @app.login_required
    def me (was): return was.API (user = was.session.get ("user"))

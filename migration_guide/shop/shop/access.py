def install (app):
    @app.before_request
    def who (was):
        was.request.user = was.session.get ("account")

    @app.login_handler
    def signed_in (was):
        if not was.request.user:
            if was.request.acceptable ("text/html"):
                return was.redirect (was.urlfor ("accounts.sign_in_page"))
            raise was.Error ("401 Unauthorized", "sign in first")

    @app.permission_handler
    def permitted (was, perms):
        if not was.request.user:
            raise was.Error ("401 Unauthorized", "sign in first")
        if "staff" in perms and was.session.get ("level") != "staff":
            raise was.Error ("403 Permission Denied", "staff only")

    @app.error_handler (404)
    def nothing (was, error):
        if was.request.acceptable ("text/html"):
            return was.render ("nothing.j2", error = error)
        return was.response.API (message = "there is no such thing", where = was.request.uri)

def __mount__ (app, mntopt):
    @app.route ("/accounts", methods = ["POST"])
    @app.inspect ("FORM", ["name", "password"], name__len__between = (2, 20), password__len__gte = 8)
    def add_account (was, name, password):
        known = was.db ("@shop").select ("account").get ("name").execute ().fetch ()
        if name in [row.name for row in known]:
            raise was.Error ("409 Conflict", "the name is taken")
        salt, signature = was.encrypt_password (password)
        level = "user" if known else "staff"
        row = dict (name = name, salt = salt, signature = signature, level = level)
        was.db ("@shop").insert ("account").set (**row).execute ().commit ()
        return was.response.API ("201 Created", name = name, level = level)

    @app.route ("/sign-in", methods = ["GET"])
    def sign_in_page (was):
        return was.render ("sign_in.j2")

    @app.route ("/sign-in", methods = ["POST"])
    @app.inspect ("FORM", ["name", "password"])
    def sign_in (was, name, password):
        found = was.db ("@shop").select ("account").filter (name = name).execute ().fetch ()
        if not found or not was.verify_password (password, found [0].salt, found [0].signature):
            raise was.Error ("401 Unauthorized", "wrong name or password")
        was.session.set ("account", name)
        was.session.set ("level", found [0].level)
        was.mbox.send ("Welcome, {}".format (name), "info")
        return was.redirect (was.urlfor ("pages.index"))

    @app.route ("/sign-out")
    def sign_out (was):
        was.session.remove ("account")
        was.session.remove ("level")
        return was.redirect (was.urlfor ("pages.index"))

    @app.route ("/accounts/me", methods = ["GET"])
    @app.login_required
    def me (was):
        return was.response.API (name = was.request.user, level = was.session.get ("level"))

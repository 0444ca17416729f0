def __mount__ (app, mntopt):
    @app.route ("/plain")
    def plain (was):
        return "plain"

    @app.route ("/opt", authenticate = "digest")
    def opt (was):
        return "opt"

    @app.route ("/dec")
    @app.authorization_required ("digest")
    def dec (was):
        return "dec"

    @app.route ("/off", authenticate = None)
    def off (was):
        return "off"

    @app.route ("/both", authenticate = "bearer")
    @app.authorization_required ("digest")
    def both (was):
        return "both"

    @app.route ("/decoff", authenticate = None)
    @app.authorization_required ("basic")
    def decoff (was):
        return "decoff"

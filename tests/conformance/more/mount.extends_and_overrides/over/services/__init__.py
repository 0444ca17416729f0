
def __mount__ (app, mntopt):
    @app.route ("/both")
    def both (was): return "over both " + str (was.request.routable ["overridable"])
    @app.route ("/only-over")
    def only_over (was): return "over only"
    @app.route ("/p/<name>")
    def p (was, name): return "over p " + name
    @app.before_request
    def br (was):
        if was.request.uri == "/hooks": return "over hook"

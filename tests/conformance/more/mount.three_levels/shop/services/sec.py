
def __mount__ (app):
    @app.route ("/a")
    def a (was): return "a"

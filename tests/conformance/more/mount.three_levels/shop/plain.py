
def __mount__ (app, mntopt):
    @app.route ("")
    def plain (was): return was.API (color = was.request.routable ["mntopt"].get ("color"), ns = mntopt ["ns"], point = mntopt ["point"], mod = mntopt ["module_name"])
    @app.route ("/x")
    def x (was): return "x"

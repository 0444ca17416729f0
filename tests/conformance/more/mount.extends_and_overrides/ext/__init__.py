
def __config__ (pref): pref.config.EXT = 1
def __setup__ (app, mntopt):
    from . import services
    app.mount ("/", services)
def __mount__ (app, mntopt):
    @app.route ("/plain-ext")
    def plain_ext (was): return "plain ext"

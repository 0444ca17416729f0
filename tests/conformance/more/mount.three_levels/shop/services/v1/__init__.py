
def __setup__ (app, mntopt):
    from . import items
    app.mount ("/items", items)
def __mount__ (app, mntopt):
    @app.route ("")
    def index (was): return "v1 " + mntopt ["point"]
    @app.route ("/")
    def index_slash (was): return "v1/ "

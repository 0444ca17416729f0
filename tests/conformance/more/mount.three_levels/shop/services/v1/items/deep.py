
def __mount__ (app, mntopt):
    @app.route ("/")
    def d (was): return "deep " + was.urlfor (d) + " " + was.request.routable ["func_id"]
    @app.route ("/end")
    def end (was): return was.urlfor ("end") if 0 else "end"

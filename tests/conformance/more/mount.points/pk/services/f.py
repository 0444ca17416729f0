from .. import LOG
def __setup__ (app, mntopt):
    LOG.append (["setup", "f", mntopt ["point"]])
def __mount__ (app, mntopt):
    LOG.append (["mount", "f", mntopt ["point"]])
    @app.route ("/pf")
    def p (was): return was.API (o = mntopt, u = was.urlfor (p), b = was.baseurl (p), s = was.urlspec (p))
    @app.route ("")
    def top (was): return "top f"

from .. import LOG
def __setup__ (app, mntopt):
    LOG.append (["setup", "a", mntopt ["point"]])
def __mount__ (app, mntopt):
    LOG.append (["mount", "a", mntopt ["point"]])
    @app.route ("/pa")
    def p (was): return was.API (o = mntopt, u = was.urlfor (p), b = was.baseurl (p), s = was.urlspec (p))
    @app.route ("")
    def top (was): return "top a"

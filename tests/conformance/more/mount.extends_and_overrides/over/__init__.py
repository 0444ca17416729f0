
def __config__ (pref): pref.config.OVER = 1
def __setup__ (app, mntopt):
    from . import services
    app.mount ("/", services)

def __mount__ (app, mntopt):
    @app.route ("/")
    def index (was):
        was.session.set ("visits", was.session.get ("visits", 0) + 1)
        books = was.db ("@shop").select ("book").order_by ("title").execute ().fetch ()
        messages = [each [4] for each in was.mbox.get ()]
        return was.render ("index.j2", books = books, messages = messages)

    @app.route ("/about")
    def about (was):
        was.response.set_header ("Cache-Control", "max-age=600")
        return was.render ("about.j2")

    @app.route ("/visits")
    def visits (was):
        return was.response.API (visits = was.session.get ("visits", 0))

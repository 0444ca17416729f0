def __mount__ (app, mntopt):
    @app.route ("/<int:id>/reviews", methods = ["GET"])
    def reviews (was, id):
        query = was.db ("@shop").select ("review").get ("account", "stars", "text").filter (book = id)
        return was.response.API (reviews = query.order_by ("id").execute ().fetch ())

    @app.route ("/<int:id>/reviews", methods = ["POST"])
    @app.login_required
    @app.inspect ("JSON", ["text"], ints = ["stars"], stars__between = (1, 5), text__len__lte = 500)
    def add_review (was, id, stars, text):
        row = dict (book = id, account = was.request.user, stars = stars, text = text)
        was.db ("@shop").insert ("review").set (**row).execute ().commit ()
        return was.response.API ("201 Created", stars = stars)

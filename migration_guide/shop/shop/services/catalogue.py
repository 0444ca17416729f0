def __mount__ (app, mntopt):
    @app.route ("", methods = ["GET"])
    @app.inspect ("URL", ints = ["limit"])
    def books (was, limit = 10, author = None):
        query = was.db ("@shop").select ("book").order_by ("id").limit (int (limit))
        if author:
            query.filter (author__contains = author)
        return was.response.API (books = query.execute ().fetch ())

    @app.route ("/<int:id>", methods = ["GET"])
    def book (was, id):
        found = was.db ("@shop").select ("book").filter (id = id).execute ().fetch ()
        if not found:
            raise was.Error ("404 Not Found", "no such book")
        return was.response.API (book = found [0])

    @app.route ("", methods = ["POST"])
    @app.permission_required (["staff"])
    @app.inspect ("JSON", ["title", "author"], ints = ["cents", "pieces"])
    def add_book (was, title, author, cents, pieces = 0):
        row = dict (title = title, author = author, cents = cents, pieces = pieces)
        was.db ("@shop").insert ("book").set (**row).execute ().commit ()
        return was.response.API ("201 Created", title = title)

    @app.route ("/<int:id>", methods = ["PATCH"])
    @app.permission_required (["staff"])
    @app.inspect ("JSON", ints = ["cents"])
    def change_price (was, id, cents):
        was.db ("@shop").update ("book").set (cents = cents).filter (id = id).execute ().commit ()
        return was.pipe ("catalogue.book", id = id)

    @app.route ("/<int:id>", methods = ["DELETE"])
    @app.permission_required (["staff"])
    def remove_book (was, id):
        was.db ("@shop").delete ("book").filter (id = id).execute ().commit ()
        return was.response ("204 No Content")

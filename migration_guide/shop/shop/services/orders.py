def __mount__ (app, mntopt):
    @app.route ("", methods = ["POST"])
    @app.login_required
    def order (was):
        basket = was.session.get ("basket") or {}
        if not basket:
            raise was.Error ("400 Bad Request", "the basket is empty")
        with was.db ("@shop") as db:
            books = db.select ("book").filter (id__in = [int (id) for id in basket]).execute ().fetch ()
            cents = sum (book.cents * basket [str (book.id)] for book in books)
            db.insert ("sale").set (account = was.request.user, cents = cents).execute ().commit ()
            last = db.select ("sale").order_by ("-id").limit (1).execute ().one ()
            for book in books:
                pieces = basket [str (book.id)]
                db.insert ("sale_item").set (sale = last.id, book = book.id, pieces = pieces).execute ().commit ()
        was.session.remove ("basket")
        return was.response.API ("201 Created", id = last.id, cents = cents)

    @app.route ("", methods = ["GET"])
    @app.login_required
    def orders (was):
        query = was.db ("@shop").select ("sale").get ("id", "cents").filter (account = was.request.user)
        return was.response.API (orders = query.order_by ("id").execute ().fetch ())

    @app.route ("/<int:id>", methods = ["GET"])
    @app.login_required
    def order_items (was, id):
        was.db ("@shop").select ("sale").filter (id = id, account = was.request.user).execute ().one ()
        query = was.db ("@shop").select ("sale_item").get ("book", "pieces").filter (sale = id)
        return was.response.API (items = query.order_by ("book").execute ().fetch ())

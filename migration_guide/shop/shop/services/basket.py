def __mount__ (app, mntopt):
    @app.route ("", methods = ["GET"])
    def basket (was):
        return was.response.API (basket = was.session.get ("basket") or {})

    @app.route ("", methods = ["POST"])
    @app.csrf_verification_required
    @app.inspect ("FORM", ["book"], ints = ["pieces"], pieces__between = (1, 10))
    def put_in (was, book, pieces = 1, **DATA):
        basket = was.session.get ("basket") or {}
        basket [book] = basket.get (book, 0) + int (pieces)
        was.session.set ("basket", basket)
        was.mbox.send ("{} in the basket".format (sum (basket.values ())), "info")
        return was.redirect (was.urlfor ("pages.index"))

    @app.route ("/<book>", methods = ["DELETE"])
    def take_out (was, book):
        basket = was.session.get ("basket") or {}
        basket.pop (book, None)
        was.session.set ("basket", basket)
        return was.response.API (basket = basket)

    @app.route ("/token")
    def token (was):
        return was.response.API (token = was.csrf_token)

def __setup__ (app, mntopt):
    from . import accounts, basket, catalogue, orders, pages, prices, reports, reviews, stock

    app.mount ("/", pages)
    app.mount ("/", accounts)
    app.mount ("/books", catalogue)
    app.mount ("/books", reviews)
    app.mount ("/basket", basket)
    app.mount ("/orders", orders)
    app.mount ("/prices", prices)
    app.mount ("/reports", reports)
    app.mount ("/stock", stock)

def __mount__ (app, mntopt):
    @app.route ("/ping")
    def ping (was):
        return "pong"

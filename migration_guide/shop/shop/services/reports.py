def __mount__ (app, mntopt):
    @app.route ("/sales")
    @app.permission_required (["staff"])
    def sales (was):
        return was.Map (
            sales__one__cents = was.db ("@shop").select ("sale").aggregate ("sum (cents) AS cents").execute (),
            lines = was.db ("@shop").select ("sale_item").order_by ("book").execute (),
        )

    @app.route ("/books.csv")
    def books_csv (was):
        def lines ():
            yield "id,title,cents\n"
            for book in was.db ("@shop").select ("book").order_by ("id").execute ().fetch ():
                yield "{},{},{}\n".format (book.id, book.title, book.cents)
        was.response.set_header ("Content-Type", "text/csv")
        return was.response ("200 OK", lines ())

import time
from sqlphile import Q
def __mount__ (app, mntopt):
    @app.route ("")
    def listing (was, page = 1, size = 2, q = None):
        page, size = int (page), int (size)
        with was.db ("@blog") as db:
            root = db.select ("post", "p").join ("author", "a", "a.id = p.author_id")
            if q: root.filter (Q (p__title__contains = q) | Q (p__body__contains = q))
            return was.render_or_Map ("list.j2",
                posts = root.clone ().get ("p.id", "p.title", "a.name as author").order_by ("-p.id").limit (size).offset ((page - 1) * size).execute (),
                total__one__cnt = root.clone ().aggregate ("count (*) as cnt").execute (),
                page = page
            )
    @app.route ("/<int:id>")
    def detail (was, id):
        post = was.db ("@blog").by_id (tbl = "post").filter (id = id).execute ().one ()
        comments = was.db ("@blog").select ("comment").get ("body").filter (post_id = id).order_by ("id").execute ().fetch ()
        was.db ("@blog", rm_cache = "tables.post").update ("post").set (views = post.views + 1).filter (id = id).execute ().commit ()
        return was.render_or_API ("detail.j2", post = post, comments = comments)
    @app.route ("/<int:id>", methods = ["PATCH"])
    @app.login_required
    @app.inspect (strings = ["title"], title__len__between = (1, 20))
    def modify (was, id, title = None, **DATA):
        with was.transaction ("@blog") as tx:
            row = tx.select ("post").get ("author_id").filter (id = id).execute ().one ()
            if row.author_id != was.session.get ("uid"):
                raise was.Error ("403 Permission Denied", "not yours", 40399)
            tx.update ("post").set (title = title, **DATA).filter (id = id).execute ()
            tx.commit ()
        return was.API (post = was.db ("@blog").select ("post").get ("id, title, body").filter (id = id).exone ())
    @app.route ("", methods = ["POST"])
    @app.login_required
    @app.require ("FORM", ["title", "body"])
    def write (was, title, body):
        if not title.strip (): raise was.Error ("400 Bad Request", "empty title", 40010)
        was.db ("@blog").insert ("post").set (author_id = was.session.get ("uid"), title = title, body = body).execute ().commit ()
        id = was.db ("@blog").select ("post").get ("max (id) as id").exone ().id
        if "html" in was.request.get_header ("accept", ""):
            was.mbox.push ("saved", "info")
            return was.redirect (was.urlfor ("posts.detail", id), "303 See Other")
        return was.API ("201 Created", id = id, url = was.urlfor ("posts.detail", id))
    @app.route ("/export.csv", coroutine = True)
    def export (was, step = 2):
        was.response ["Content-Type"] = "text/csv"
        yield "id,title\n"
        last = 0
        while 1:
            task = yield was.db ("@blog").select ("post").get ("id, title").filter (id__gt = last, id__lte = 3).order_by ("id").limit (int (step)).execute ()
            rows = task.fetch ()
            if not rows: break
            last = rows [-1].id
            yield "".join ("{},{}\n".format (r.id, r.title) for r in rows)
    @app.route ("/stats", coroutine = True)
    def stats (was):
        tasks = yield was.Tasks (
            posts__one = was.db ("@blog").select ("post").get ("count (*) as n").filter (id__lte = 3).execute (),
            authors = was.db ("@blog").select ("author").get ("name").order_by ("name").execute (),
            up = was.Thread (str.upper, "x")
        )
        return was.API (tasks.fetch ())
    @app.route ("/crash")
    def crash (was): return 1 / 0
    @app.route ("/badsql")
    def badsql (was): return was.Map (r = was.db ("@blog").execute ("selec"))

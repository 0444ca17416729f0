from atila import Atila

app = Atila (__name__)

import datetime
@app.route ("/etag")
def etag (was, id = "a", max_age = "0"):
    tag = was.response.set_etag (id, int (max_age))
    return "etag " + tag
@app.route ("/as")
def as_ (was): was.response.set_etag ("custom", 0, True); return "x"
@app.route ("/mtime")
def mtime (was, t = "1600000000", max_age = "0"):
    was.response.set_mtime (int (t), max_age = int (max_age))
    return "mtime"
@app.route ("/dt")
def dt (was):
    was.response.set_mtime (datetime.datetime (2020, 1, 2, 3, 4, 5, tzinfo = datetime.timezone.utc))
    return "dt"
@app.route ("/both")
def both (was):
    was.response.set_etag_mtime ("id", 1600000000)
    return "both"
@app.route ("/etag-api", methods = ["GET", "PUT"])
def etag_api (was, **k):
    was.response.set_etag ("v1", max_age = 60)
    was.cookie ["seen"] = "1"
    return was.API (a = 1)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)

from atila import Atila

app = Atila (__name__)

import datetime, decimal, uuid
UTC = datetime.timezone.utc
class E:
    def __str__ (self): return "E!"
DATA = dict (dt = datetime.datetime (2020, 2, 3, 4, 5, 6, 789, tzinfo = UTC), d = datetime.date (2020, 2, 3), tz = datetime.datetime (2020, 2, 3, 4, 5, 6, tzinfo = datetime.timezone (datetime.timedelta (hours = 9))), none = None, nest = [{"at": datetime.datetime (1999, 12, 31, 23, 59, 59, tzinfo = UTC)}, (1, 2)], f = 1.0, big = 10 ** 20, neg = -5, u = "\u2028 \U0001F600 <>&\"'", t = True)
@app.route ("/data")
def data (was, enc = None): return was.API (DATA)
@app.route ("/fault/<int:n>")
def fault (was, n):
    F = was.Fault
    if n == 1: return F ("400 Bad Request", "m", 1, "dbg", "more")
    if n == 2: return F ("400 Bad Request", "m", debug = {"a": 1})
    if n == 3: return F ("400 Bad Request", "m", more_info = [1, None])
    if n == 4:
        try: 1/0
        except Exception: return F ("500 Internal Server Error", "m", traceback = True)
    if n == 5:
        import sys
        try: 1/0
        except Exception: return F ("400 Bad Request", "m", exc_info = sys.exc_info ())
    if n == 6: return F ("404 Not Found")
    if n == 7: return F ("400 Bad Request", code = 7)
    if n == 8: raise F ("400 Bad Request", "raised")
    if n == 9: return F ("400 Bad Request", {"a": "dict"})
    if n == 10: return F ("400 Bad Request", "<b>&")
    if n == 11: return F (status = "409 Conflict", message = "kw")
    if n == 12: return F ("204 No Content", "m")
    if n == 13: return F ("400 Bad Request", "dt", more_info = datetime.date (2020, 1, 1))
@app.route ("/bad/<kind>")
def bad (was, kind):
    v = {"dec": decimal.Decimal ("1.5"), "uuid": uuid.UUID (int = 5), "set": {1}, "bytes": b"x", "obj": E (), "time": datetime.time (1, 2), "delta": datetime.timedelta (1), "nan": float ("nan"), "inf": float ("inf"), "key": {1: 2, None: 3, True: 4}, "tkey": {(1, 2): 3}, "gen": (i for i in "ab"), "lone": "\ud800"}[kind]
    return was.API (v = v)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)

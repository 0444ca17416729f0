from atila import Atila

app = Atila (__name__)

import datetime
@app.route ("/r/<kind>")
def r (was, kind):
    R = was.response
    if kind == "int": return R (201, "x")
    if kind == "status-only": return R ("201 Created")
    if kind == "empty-body": return R ("200 OK", "")
    if kind == "bytes": return R ("200 OK", b"bytes")
    if kind == "list": return R ("200 OK", ["a", b"b"])
    if kind == "gen": return R ("200 OK", (c for c in "abc"), [("X-A", "1")])
    if kind == "api": return R ("202 Accepted", was.API (a = 1), [("X-A", "1")])
    if kind == "dict": return R ("200 OK", {"a": 1})
    if kind == "none": return R ("200 OK", None)
    if kind == "default": return R ()
    if kind == "headers-kw": return R (headers = [("X-A", "1"), ("X-A", "2")], body = "b")
    if kind == "tuple": return R ("200 OK", ("a", "b"))
    if kind == "404": return R ("404 Not Found", "own")
    if kind == "204": return R ("204 No Content")
    if kind == "304": return R ("304 Not Modified", "body")
    if kind == "500": return R ("500 Internal Server Error")
    if kind == "302": return R ("302 Found", "", [("Location", "/x")])
    if kind == "render": return R ("201 Created", was.render ("t.j2", v = 1))
    if kind == "file": 
        import io
        return R ("200 OK", io.BytesIO (b"filelike"), [("Content-Type", "text/csv")])
    if kind == "nested": return R ("200 OK", R ("201 Created", "n"))
    if kind == "then-set":
        x = R ("201 Created", "n")
        was.response.set_status ("202 Accepted")
        return x
    if kind == "badstatus": return R ("OK", "x")
    if kind == "onlycode": return R ("200", "x")
    if kind == "ct-bytes": return R ("200 OK", b"{}", [("Content-Type", "application/json; charset=utf-8")])
    if kind == "int-header": return R ("200 OK", "x", [("X-A", 5)])
    if kind == "crlf": return R ("200 OK", "x", [("X-A", "a\r\nX-B: 1")])
    if kind == "uni": return R ("200 OK", "x", [("X-A", "caf\u00e9")])
@app.route ("/h/<kind>")
def h (was, kind):
    R = was.response
    if kind == "set": R.set ("X-A", "1"); R.set ("X-A", "2")
    if kind == "item": R ["X-A"] = "1"; R ["X-A"] = "2"
    if kind == "update": R.update ("X-A", "1"); R.update ("X-A", "2")
    if kind == "set_header": R.set_header ("X-A", "1"); R.set_header ("x-a", "2")
    if kind == "add": R.add_header ("X-A", "1"); R.add_header ("x-a", "2")
    if kind == "headers": R.set_headers ([("X-A", "1"), ("X-B", "2")])
    if kind == "del": R ["X-A"] = "1"; R ["X-A"] = "2"; del R ["x-a"]
    if kind == "delete": R ["X-A"] = "1"; R.delete ("X-A")
    if kind == "del-missing": del R ["X-A"]
    if kind == "missing": return was.API (a = R ["X-None"], b = R.get ("X-None"), c = R.get ("X-None", 5), d = R.has_key ("X-None"), e = R.get_header ("X-N", "d"))
    if kind == "cache": R.set_cache (60)
    if kind == "max": R.set_max_age (30)
    if kind == "cache0": R.set_cache (0)
    if kind == "status": R.set_status ("201 Created"); return was.API (c = R.status_code, r = R.reason, s = R.get_status (), p = R.get_reply ())
    if kind == "reply": R.set_reply ("203 Non")
    if kind == "int": R.set_header ("X-A", 5)
    if kind == "clen": R.set_header ("Content-Length", "1")
    if kind == "server": R.set_header ("Server", "mine")
    if kind == "date": R.set_header ("Date", "x")
    if kind == "conn": R.set_header ("Connection", "close")
    if kind == "ct": R.set_header ("Content-Type", "text/plain")
    if kind == "ce": R.set_header ("Content-Encoding", "identity")
    return "done"
@app.route ("/throw/<kind>")
def throw (was, kind):
    if kind == "throw": was.response.throw ("402 Pay", "why")
    if kind == "with": return was.response.with_explain ("402 Pay", "why", 40299)
    if kind == "adaptive": return was.response.adaptive_error ("402 Pay", "msg", 40211, "more")
    if kind == "fault": return was.response.Fault ("402 Pay", "msg", 40211)
    if kind == "api": return was.response.API ("202 Accepted", {"a": 1})
    if kind == "api2": return was.API ("202 Accepted", {"a": 1}, b = 2)
    if kind == "apibad": return was.API ([1])
    if kind == "apinone": return was.API ()
    if kind == "api204": return was.API ("204 No Content")
    if kind == "apiset":
        a = was.API (x = 1); a ["y"] = 2; a.set ("z", 3)
        return a
    if kind == "apistr": return str (was.API (x = 1))
    if kind == "apistatus": return was.API ("bad", {"a": 1})
    if kind == "apidup": return was.API ({"a": 1}, a = 2)
    if kind == "api404": return was.API ("404 Not Found", error = "x")
    if kind == "apict":
        was.response ["Content-Type"] = "text/plain"
        return was.API (a = 1)
    if kind == "apict2":
        a = was.API (a = 1)
        was.response ["Content-Type"] = "text/plain"
        return a
    if kind == "listapi": return [was.API (a = 1), was.API (b = 2)]

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)

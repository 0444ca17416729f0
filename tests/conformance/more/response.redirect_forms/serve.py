from atila import Atila

app = Atila (__name__)

@app.route ("/r/<kind>", methods = ["GET", "POST", "DELETE"])
def r (was, kind, **k):
    if kind == "plain": return was.redirect ("/x")
    if kind == "abs": return was.redirect ("http://example.com/a?b=c&d=<e>")
    if kind == "301": return was.redirect ("/x", "301 Moved Permanently")
    if kind == "303": return was.redirect ("/x", status = "303 See Other")
    if kind == "307": return was.redirect ("/x", "307 Temporary Redirect", "body here")
    if kind == "body": return was.redirect ("/x", body = "<b>go</b>")
    if kind == "bytes": return was.redirect ("/x", body = b"go")
    if kind == "headers": return was.redirect ("/x", headers = [("X-A", "1")])
    if kind == "uni": return was.redirect ("/\uae00?q=\uae00")
    if kind == "space": return was.redirect ("/a b")
    if kind == "cookie":
        was.cookie ["a"] = "1"
        return was.redirect ("/x")
    if kind == "urlfor": return was.redirect (was.urlfor ("r", "plain", z = "1 2"))
    if kind == "rel": return was.redirect ("x")
    if kind == "resp": return was.response ("302 Object Moved", "", [("Location", "/y")])
    if kind == "json": return was.redirect ("/x", body = was.API (a = 1))
    if kind == "empty": return was.redirect ("")
    if kind == "crlf": return was.redirect ("/x\r\nSet-Cookie: a=1")
    if kind == "ct":
        was.response ["Content-Type"] = "text/plain"
        return was.redirect ("/x")

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)

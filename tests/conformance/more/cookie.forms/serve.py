from atila import Atila

app = Atila (__name__)

import datetime
@app.route ("/set/<kind>")
def set_ (was, kind):
    c = was.cookie
    if kind == "plain": c ["a"] = "1"
    if kind == "sp": c.set ("a b", "c; d, e=f \"q\" \uae00")
    if kind == "exp": c.set ("a", "1", 60)
    if kind == "zero": c.set ("a", "1", 0)
    if kind == "now": c.set ("a", "1", "now")
    if kind == "never": c.set ("a", "1", "never")
    if kind == "str": c.set ("a", "1", "Wed, 01 Jan 2031 00:00:00 GMT")
    if kind == "all": c.set ("a", "1", None, "/p", "d.com", True, True, "Lax")
    if kind == "none": c.set ("a", "1", same_site = "None")
    if kind == "int": c.set ("a", 5)
    if kind == "two": c ["a"] = "1"; c ["b"] = "2"
    if kind == "twice": c ["a"] = "1"; c ["a"] = "2"
    if kind == "empty": c ["a"] = ""
    if kind == "remove": c.remove ("a")
    if kind == "rmnone": c.remove ("zz")
    if kind == "del": del c ["a"]
    if kind == "setdel": c ["q"] = "1"; del c ["q"]
    if kind == "clear": c.clear ()
    if kind == "path": c.set ("a", "1", path = "/x"); c.set ("a", "2", path = "/y")
    if kind == "true": c.set ("a", True)
    if kind == "neg": c.set ("a", "1", -5)
    if kind == "float": c.set ("a", "1", 1.5)
    return was.API (a = c.get ("a"), b = c ["b"], has = "a" in c, keys = sorted (c.keys ()), n = c.get ("n", "dflt"), items = sorted (map (list, c.items ())))
@app.route ("/read")
def read (was): return was.API (dict (was.cookie.items ()))

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)

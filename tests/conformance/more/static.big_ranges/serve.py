import skitai
from atila import Atila
app = Atila (__name__)
@app.route ("/file")
def file (was): return was.File ("pub/big.txt", "text/plain", "big file.txt")
@app.route ("/uni")
def uni (was): return was.File ("pub/a.txt", "text/plain", "글 'q\".txt")
@app.route ("/nomime")
def nomime (was): return was.File ("pub/a.txt")
@app.route ("/static")
def static (was): return was.Static ("big.txt")
@app.route ("/mime")
def mime (was): return was.File ("pub/a.txt", filename = "a.txt")
@app.route ("/dir")
def dir (was): return was.File ("pub")
@app.route ("/sio")
def sio (was):
    import io
    return was.File (io.StringIO ("abc"), "text/plain")
@app.route ("/body")
def body (was): return "0123456789" * 10
@app.route ("/hdr")
def hdr (was):
    was.response ["X-A"] = "1"
    was.response.set_status ("203 Non")
    was.cookie ["c"] = "1"
    return was.File ("pub/a.txt", "text/plain")
if __name__ == "__main__":
    with skitai.preference () as pref:
        pref.set_static ("/s", "pub")
        skitai.mount ("/", app, pref)
    skitai.run (port = 5000)

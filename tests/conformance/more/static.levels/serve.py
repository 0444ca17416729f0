import skitai
from atila import Atila
app = Atila (__name__)
@app.route ("/")
def index (was): return "route index"
@app.route ("/a.txt")
def a (was): return "route a"
@app.route ("/noidx")
def noidx (was): return "route noidx"
@app.route ("/noidx/")
def noidx2 (was): return "route noidx/"
@app.route ("/st/extra")
def extra (was): return "route extra"
@app.route ("/u")
def u (was): return was.API (s = was.static ("a b.css"), m = was.media ("x"), cfg = [app.config.STATIC_URL, app.config.MEDIA_URL])
@app.route ("/f/<path:p>", methods = ["GET", "POST"])
def f (was, p, **k): return was.Static (p)
@app.route ("/m/<path:p>")
def m (was, p): return was.Media (p)
@app.route ("/mf/<path:p>")
def mf (was, p): return was.MountedFile ("/" + p)

if __name__ == "__main__":
    skitai.set_max_age ("/st/sub", 300)
    skitai.set_max_age ("/st/a.txt", 60)
    skitai.mount ("/deep/er/files", "pub2")
    skitai.mount ("/deep", "pub")
    with skitai.preference () as pref:
        pref.set_static ("/st", "pub")
        pref.set_static ("/st", "pub2")
        pref.set_media ("/media/", "media")
        skitai.mount ("/", app, pref)
    skitai.run (port = 5000)

from atila import Atila

app = Atila (__name__)

app.jinja_overlay ("<%", "%>", "<<", ">>", "<#", "#>")
@app.template_global ("g1")
def g1 (was): return "G" + was.request.method
@app.route ("/a")
def a (was): return was.render ("a.j2", v = 3, l = [1, 2])

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)

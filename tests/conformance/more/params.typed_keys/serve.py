from atila import Atila

app = Atila (__name__)

@app.route ("/kw", methods = ["GET","POST","PUT","PATCH","DELETE"])
def kw (was, **k): return was.API (k = k, url = was.request.URL, form = was.request.FORM, json = was.request.JSON, data = was.request.DATA, args = was.request.ARGS)
@app.route ("/ab")
def ab (was, a, b = "B", c = None): return was.API (a = a, b = b, c = c)
@app.route ("/none")
def none (was): return was.API (args = was.request.ARGS)
@app.route ("/n/<int:n>", methods = ["GET", "POST", "PATCH"])
def n (was, n, a = 1, **k): return was.API (n = n, a = a, k = k, args = was.request.ARGS, default = was.request.DEFAULT, params = was.request.PARAMS)
@app.route ("/only/<n>")
def only (was, n): return was.API (n = n, args = was.request.ARGS)

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)

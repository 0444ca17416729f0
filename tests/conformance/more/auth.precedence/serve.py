from atila import Atila
import closed
import left
import none

app = Atila (__name__)
app.realm = "R"
app.users = {"kim": "pw", "nopw": "", "nopw3": ("", False, None)}
app.mount ("/closed", closed, authenticate = "basic")
app.mount ("/none", none, authenticate = None)
app.mount ("/left", left)

@app.route ("/basic", authenticate = "basic")
def basic (was):
    return was.request.user.name

@app.route ("/true", authenticate = True)
def true (was):
    return "true"

@app.route ("/false", authenticate = False)
def false (was):
    return "false"

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)

"""The smallest app.

python3 -m atila_compat run examples/hello/serve.py
"""

from atila import Atila

app = Atila(__name__)


@app.route("/")
def index(was):
    return "Hello, World"


if __name__ == "__main__":
    import skitai

    skitai.mount("/", app)
    skitai.run(port=5000)

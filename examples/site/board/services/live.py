"""The live page: what people say, who is there, and new notices, at once for everybody."""

import json
import threading
import time
from collections import deque

import skitai

KEPT = 40
LONGEST = 300

_lock = threading.Lock()
_people = {}
"""Names by the ids of their connections."""
_said = deque(maxlen=KEPT)


def tell_everybody(app, message):
    """Send a message to every live page of this process."""
    with _lock:
        clients = list(_people)
    for client_id in clients:
        app.websocket_send(client_id, json.dumps(message))


def people():
    """Who is there, each once."""
    with _lock:
        return sorted(set(_people.values()))


def __mount__(app, mntopt):
    @app.route("", methods=["GET"])
    def page(was):
        latest = was.db("@board").select("notice").order_by("-id").limit(3).execute().fetch()
        return was.render("live.html", latest=latest)

    def onopen(was):
        with _lock:
            _people[was.websocket.client_id] = was.session.get("name") or "a guest"
            history = list(_said)
        tell_everybody(app, {"kind": "people", "names": people()})
        return json.dumps({"kind": "history", "said": history, "names": people()})

    def onclose(was):
        with _lock:
            _people.pop(was.websocket.client_id, None)
        tell_everybody(app, {"kind": "people", "names": people()})

    @app.route("/socket")
    @app.websocket(skitai.WS_CHANNEL | skitai.WS_THREAD, 600, onopen, onclose)
    def socket(was, message):
        text = message.strip()[:LONGEST] if isinstance(message, str) else ""
        if not text:
            return
        with _lock:
            name = _people.get(was.websocket.client_id, "a guest")
            said = {"kind": "said", "name": name, "text": text, "at": time.strftime("%H:%M")}
            _said.append(said)
        tell_everybody(app, said)

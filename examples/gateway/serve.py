"""A gateway: one answer made of those of several services.

python3 -m atila_compat run examples/gateway/serve.py --port=5000

So that one command is enough, the two services that it asks are mounted beside it: /services/weather and
/services/events. In real life they are elsewhere, and their addresses stand in the aliases.
"""

import skitai

import gateway
import upstreams

if __name__ == "__main__":
    port = skitai.get_option("--port") or 5000
    here = f"127.0.0.1:{port}/services"
    skitai.alias("@weather", skitai.PROTO_HTTP, [f"{here}/weather"])
    skitai.alias("@events", skitai.PROTO_HTTP, [f"{here}/events 20", f"{here}/more-events 10"])
    for name in ("weather", "events", "more-events"):
        skitai.mount(f"/services/{name}", upstreams.service(name))
    skitai.mount("/", gateway)
    print(f"the gateway: http://127.0.0.1:{port}/", flush=True)
    skitai.run(address="127.0.0.1", port=5000, name="gateway")

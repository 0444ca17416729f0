"""A gRPC service: a greenhouse and its sensors, with all four kinds of methods.

python3 -m atila_compat run examples/grpc/serve.py --port=5000

gRPC is served on the port 50051, or --grpc-port=N, and needs the extra `grpc`; client.py calls it.
greenhouse_pb2.py is made of greenhouse.proto:

python3 -m grpc_tools.protoc -I. --python_out=. greenhouse.proto
"""

import threading

from atila import Atila

import greenhouse_pb2

LOWEST, HIGHEST = 8.0, 30.0

app = Atila(__name__)
readings = {"tomatoes": [18.5, 21.0], "orchids": [24.0]}
lock = threading.Lock()


@app.route("/")
def index(was):
    return was.API(places=sorted(readings))


@app.route("/Latest")
def latest(was, place):
    known = readings.get(place.name)
    if not known:
        raise was.Error("404 Not Found", f"no sensor at {place.name}")
    return greenhouse_pb2.Reading(place=place.name, celsius=known[-1])


@app.route("/History")
def history(was, place):
    for celsius in readings.get(place.name, []):
        yield greenhouse_pb2.Reading(place=place.name, celsius=celsius)


@app.route("/Report", coroutine=True, input_stream=True)
def report(was):
    taken = []
    while reading := (yield was.Input()):
        with lock:
            readings.setdefault(reading.place, []).append(reading.celsius)
        taken.append(reading.celsius)
    return greenhouse_pb2.Summary(readings=len(taken), lowest=min(taken), highest=max(taken))


@app.route("/Watch", coroutine=True, input_stream=True)
def watch(was):
    while reading := (yield was.Input()):
        if not LOWEST <= reading.celsius <= HIGHEST:
            text = f"{reading.celsius:.1f} degrees"
            yield greenhouse_pb2.Alarm(place=reading.place, text=text)


if __name__ == "__main__":
    import skitai

    skitai.add_option("", "--grpc-port=PORT", "TCP port for gRPC", 50051)
    skitai.mount("/greenhouse.v1.Sensors", app)
    skitai.run(address="127.0.0.1", port=5000, grpc_port=int(skitai.options.get("--grpc-port")))

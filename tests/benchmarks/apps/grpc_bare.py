"""grpc.aio and nothing else: python grpc_bare.py PORT, with greenhouse_pb2 on the path."""

from __future__ import annotations

import asyncio
import importlib
import sys
from typing import Any

import grpc.aio

greenhouse_pb2 = importlib.import_module("greenhouse_pb2")  # no module of the tests: the example's
READINGS = {"tomatoes": [18.5, 21.0], "orchids": [24.0]}


async def latest(place: Any, context: grpc.aio.ServicerContext) -> Any:
    known = READINGS.get(place.name, [])
    if not known:
        await context.abort(grpc.StatusCode.NOT_FOUND, f"no sensor at {place.name}")
    return greenhouse_pb2.Reading(place=place.name, celsius=known[-1])


async def main(port: int) -> None:
    server = grpc.aio.server()
    method = grpc.unary_unary_rpc_method_handler(
        latest,
        request_deserializer=greenhouse_pb2.Place.FromString,
        response_serializer=greenhouse_pb2.Reading.SerializeToString,
    )
    handler = grpc.method_handlers_generic_handler("greenhouse.v1.Sensors", {"Latest": method})
    server.add_generic_rpc_handlers((handler,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))

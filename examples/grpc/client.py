"""Calls the greenhouse, with grpcio alone: python3 examples/grpc/client.py 127.0.0.1:50051."""

import sys

import grpc

import greenhouse_pb2 as pb

SERVICE = "/greenhouse.v1.Sensors/"


def method(kind, name, request, answer):
    """A callable for a method; modules that grpcio's protocol compiler writes have them ready."""
    return kind(
        SERVICE + name, request_serializer=request.SerializeToString, response_deserializer=answer.FromString
    )


def main(address):
    with grpc.insecure_channel(address) as channel:
        grpc.channel_ready_future(channel).result(timeout=10)
        latest = method(channel.unary_unary, "Latest", pb.Place, pb.Reading)
        history = method(channel.unary_stream, "History", pb.Place, pb.Reading)
        report = method(channel.stream_unary, "Report", pb.Reading, pb.Summary)
        watch = method(channel.stream_stream, "Watch", pb.Reading, pb.Alarm)

        print("latest:", latest(pb.Place(name="orchids"), timeout=5).celsius)
        measured = [pb.Reading(place="cacti", celsius=celsius) for celsius in (31.5, 12.0, 4.5)]
        summary = report(iter(measured), timeout=5)
        print("report:", summary.readings, "from", summary.lowest, "to", summary.highest)
        print("history:", [reading.celsius for reading in history(pb.Place(name="cacti"), timeout=5)])
        for alarm in watch(iter(measured), timeout=5):
            print("alarm:", alarm.place, alarm.text)
        try:
            latest(pb.Place(name="roses"), timeout=5)
        except grpc.RpcError as error:
            print("error:", error.code().name, error.details())


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051")

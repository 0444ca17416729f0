import sys
import time
import grpc
import lab_pb2 as pb
channel = grpc.insecure_channel (sys.argv [1])
S = "/lab.v1.Lab/"
def stub (kind, name, request, response):
    return getattr (channel, kind) (S + name, request_serializer = request.SerializeToString, response_deserializer = response.FromString)
def one (name, ask, req = pb.Ask, res = pb.Answer, **k): return stub ("unary_unary", name, req, res) (ask, timeout = 3, **k)
def many (name, ask, req = pb.Ask, res = pb.Answer, **k): return list (stub ("unary_stream", name, req, res) (ask, timeout = 3, **k))
def slow (asks):
    for a in asks:
        yield a
        time.sleep (.1)
def into (name, asks): return stub ("stream_unary", name, pb.Ask, pb.Answer) (slow (asks), timeout = 3)
def both (name, asks): return list (stub ("stream_stream", name, pb.Ask, pb.Answer) (slow (asks), timeout = 3))
def t (m): return (m.text, m.n)
def show (label, call):
    try: print (label, call ())
    except grpc.RpcError as error: print (label, error.code ().name, "")
Ask = pb.Ask

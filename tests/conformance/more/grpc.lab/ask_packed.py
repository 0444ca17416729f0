from asking import *
c = stub ("unary_unary", "Get", pb.Ask, pb.Answer)
show ("gzip", lambda: len (c (Ask (name = "x" * 3000), timeout = 3, compression = grpc.Compression.Gzip).text))
show ("small", lambda: t (c (Ask (name = "x", n = 2), timeout = 3, compression = grpc.Compression.Gzip)))

from asking import *
m, call = stub ("unary_unary", "Headers", pb.Ask, pb.Answer).with_call (Ask (name = "a"), timeout = 3)
print (t (m), sorted ((k, v) for k, v in call.initial_metadata () if k not in ("server", "date", "content-length")), sorted (call.trailing_metadata () or ()), call.code ().name, call.details ())

from asking import *
show ("get", lambda: t (one ("Get", Ask (name = "é", n = 2 ** 30))))
show ("neg", lambda: t (one ("Get", Ask (name = "a", n = -5))))
a = Ask (name = "e", n = 1, tags = ["x", "", "é"], data = b"\x00\xff", x = 1.5, flag = True)
a.counts ["k"] = 3
a.inner.text = "in"
show ("echo", lambda: one ("Echo", a, pb.Ask, pb.Ask) == a)
show ("void", lambda: type (one ("Void", Ask (name = "x"), pb.Ask, pb.Nothing)).__name__)
show ("task", lambda: t (one ("Task", Ask (name = "abc"))))

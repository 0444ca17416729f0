from asking import *
show ("coro", lambda: [t (m) for m in many ("CoroCount", Ask (name = "a", n = 3))])

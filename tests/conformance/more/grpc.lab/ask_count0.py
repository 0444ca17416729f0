from asking import *
show ("0", lambda: [t (m) for m in many ("Count", Ask (name = "a", n = 0))])

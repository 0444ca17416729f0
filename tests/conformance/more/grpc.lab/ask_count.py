from asking import *
show ("3", lambda: [t (m) for m in many ("Count", Ask (name = "a", n = 3))])
show ("1", lambda: [t (m) for m in many ("Count", Ask (name = "a", n = 1))])
show ("50", lambda: len (many ("Count", Ask (name = "a", n = 50))))

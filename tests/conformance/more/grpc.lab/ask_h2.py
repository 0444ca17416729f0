from asking import *
show ("h", lambda: len (many ("Count", Ask (name = "x", n = 2))))

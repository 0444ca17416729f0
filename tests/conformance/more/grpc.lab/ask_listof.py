from asking import *
show ("list", lambda: [t (m) for m in many ("ListOf", Ask (tags = ["a", "b"]))])

from asking import *
show ("x", lambda: t (one ("Meta", Ask (name = "x-custom"), metadata = (("x-custom", "v 1"),))))
show ("two", lambda: t (one ("Meta", Ask (name = "x-custom"), metadata = (("x-custom", "a"), ("x-custom", "b")))))

from asking import *
show ("method", lambda: t (one ("Meta", Ask (name = "method"))))

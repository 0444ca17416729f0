from asking import *
show ("args", lambda: t (one ("Meta", Ask (name = "args"))))

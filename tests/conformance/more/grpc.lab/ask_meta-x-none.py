from asking import *
show ("x-none", lambda: t (one ("Meta", Ask (name = "x-none"))))

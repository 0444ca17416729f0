from asking import *
show ("type", lambda: t (one ("Meta", Ask (name = "type"))))

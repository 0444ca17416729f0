from asking import *
show ("host", lambda: t (one ("Meta", Ask (name = "host"))))

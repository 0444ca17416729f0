from asking import *
show ("version", lambda: t (one ("Meta", Ask (name = "version"))))

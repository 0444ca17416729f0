from asking import *
show ("path", lambda: t (one ("Meta", Ask (name = "path"))))

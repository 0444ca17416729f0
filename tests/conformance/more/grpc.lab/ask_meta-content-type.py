from asking import *
show ("content-type", lambda: t (one ("Meta", Ask (name = "content-type"))))

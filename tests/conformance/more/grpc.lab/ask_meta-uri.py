from asking import *
show ("uri", lambda: t (one ("Meta", Ask (name = "uri"))))

from asking import *
show ("te", lambda: t (one ("Meta", Ask (name = "te"))))

from asking import *
show ("wrong", lambda: t (one ("Wrong", Ask (name = "a"))))

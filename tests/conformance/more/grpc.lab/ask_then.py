from asking import *
show ("Then", lambda: t (one ("Then", Ask (name = "abc"))))

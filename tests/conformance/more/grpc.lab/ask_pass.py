from asking import *
show ("Pass", lambda: t (one ("Pass", Ask (name = "abc"))))

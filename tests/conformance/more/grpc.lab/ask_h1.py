from asking import *
show ("h", lambda: t (one ("Get", Ask (name = "x"))))

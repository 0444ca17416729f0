from asking import *
show ("crash", lambda: t (one ("Fail", Ask (name = "a"))))
show ("error", lambda: t (one ("Fail", Ask (name = "error"))))

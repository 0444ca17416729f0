from asking import *
show ("user-agent", lambda: t (one ("Meta", Ask (name = "user-agent"))))

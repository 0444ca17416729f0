from asking import *
show ("big", lambda: len (one ("Big", Ask (name = "a", n = 100000)).text))
show ("bigin", lambda: len (one ("Get", Ask (name = "x" * 50000)).text))

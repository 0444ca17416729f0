from asking import *
show ("Coro", lambda: t (one ("Coro", Ask (name = "abc"))))

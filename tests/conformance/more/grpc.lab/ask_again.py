from asking import *
show ("get", lambda: [t (one ("Get", Ask (name = "a", n = i))) for i in range (5)])

from asking import *
show ("sum", lambda: t (into ("Sum", [Ask (n = 1)])))

from asking import *
show ("sum", lambda: t (into ("Sum", [Ask (n = i + 1) for i in range (4)])))

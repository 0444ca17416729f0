from asking import *
show ("list", lambda: t (into ("SumList", [Ask (n = i + 1) for i in range (3)])))

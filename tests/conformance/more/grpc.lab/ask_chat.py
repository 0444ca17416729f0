from asking import *
show ("chat", lambda: [t (m) for m in both ("Chat", [Ask (name = "a"), Ask (name = "b", n = 2)])])

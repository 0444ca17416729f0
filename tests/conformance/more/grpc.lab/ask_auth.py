from asking import *
show ("none", lambda: t (one ("Auth", Ask (name = "a"))))
show ("good", lambda: t (one ("Auth", Ask (name = "a"), metadata = (("authorization", "Bearer good"),))))
show ("bad", lambda: t (one ("Auth", Ask (name = "a"), metadata = (("authorization", "Bearer bad"),))))

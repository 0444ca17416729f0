from asking import *
show ("good", lambda: t (one ("Auth", Ask (name = "a"), metadata = (("authorization", "Bearer good"),))))

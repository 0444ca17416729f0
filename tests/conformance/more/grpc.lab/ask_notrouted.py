from asking import *
show ("nr", lambda: t (one ("NotRouted", Ask (name = "a"))))
show ("nomethod", lambda: t (one ("Nope", Ask (name = "a"))))

from atila import Atila

app = Atila (__name__)

import time, datetime
def nap (s, v): time.sleep (s); return v
def boom (): raise ValueError ("boom")
R = lambda f: f
@app.route ("/<path:code>")
def run (was, code, **kw): return F [code] (was)
F = {
 "1": lambda was: was.Map (),
 "2": lambda was: was.Map (a = 1, b = "x", c = None, d = [1], e = {"k": 1}),
 "3": lambda was: was.Map ("201 Created", a = was.Mask (1)),
 "4": lambda was: was.Map ("404 Not Found", a = was.Mask (1)),
 "5": lambda was: was.Map (a__one = was.Mask ([1])),
 "6": lambda was: was.Map (a__one = was.Mask ([])),
 "7": lambda was: was.Map (a__one = was.Mask ([1, 2])),
 "8": lambda was: was.Map (a__one__k = was.Mask ([{"k": 1}])),
 "9": lambda was: was.Map (a__one__zz = was.Mask ([{"k": 1}])),
 "10": lambda was: was.Map (a__0 = was.Mask ([9, 8])),
 "11": lambda was: was.Map (a__5 = was.Mask ([9, 8])),
 "12": lambda was: was.Map (a__fetch = was.Mask ([9, 8])),
 "13": lambda was: was.Map (a__dict = was.Tasks (x = was.Mask (1))),
 "14": lambda was: was.Map (a = was.Tasks (x = was.Mask (1), y__one = was.Mask ([2]))),
 "15": lambda was: was.Map (a = was.Tasks (was.Mask (1), was.Mask (2))),
 "16": lambda was: was.Map (was.Tasks (was.Mask (1)), b = 1),
 "17": lambda was: was.Map (a = was.Thread (boom)),
 "18": lambda was: was.Map (was.Thread (boom), a = 1),
 "19": lambda was: was.Map (a = was.Mask (datetime.date (2020, 1, 2))),
 "20": lambda was: was.Map (a = was.Mask (set ())),
 "21": lambda was: was.Map (__timeout = 3, a = was.Mask (1)),
 "22": lambda was: was.Map (__maxage = 60, __etag = "a", a = was.Mask ("ver1")),
 "23": lambda was: was.Map (__maxage = 60, __mtime = "a.t", a = was.Mask ({"t": 1000000000})),
 "24": lambda was: was.Map (__etag = "a.v", a__one = was.Mask ([{"v": "q"}])),
 "25": lambda was: was.Map (__other = 5, a = was.Mask (1)),
 "26": lambda was: was.Mapped (was.Tasks (a = was.Mask (1))),
 "27": lambda was: was.Mapped ("201 Created", was.Tasks (a = was.Mask (1), b = 2)),
 "28": lambda was: was.Mapped (was.Tasks (was.Mask (1))),
 "29": lambda was: was.Mapped (was.Tasks (a = was.Thread (boom))),
 "30": lambda was: was.Mapped (was.Tasks (a__one = was.Mask ([]))),
 "31": lambda was: was.Map (a = was.Subprocess ("exit 3")),
 "32": lambda was: was.Map (a = was.Process (abs, -3), b = was.Subprocess ("printf s"), c = was.Thread (nap, 0.1, "t")),
 "33": lambda was: was.Map (a = was.Mask (_expt = was.Error ("418 Teapot", "tea"))),
 "34": lambda was: was.Map (__etag = "nokey", a = was.Mask ("ver1")),
 "35": lambda was: was.Map (a__len = was.Mask ([1])),
 "36": lambda was: was.Map (long_name__with__one = was.Mask ([1])),
 "37": lambda was: was.Map (a__ = was.Mask ([1])),
 "38": lambda was: was.Map (__mtime = "a", a = was.Mask (datetime.datetime (2020, 1, 1))),
 "39": lambda was: was.Map (__etag = "a", a = was.Mask (5)),
}

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)

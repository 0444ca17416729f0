from atila import Atila

app = Atila (__name__)

import datetime, decimal, uuid
app.config.JSON_ENCODER = "digit"
app.config.PRETTY_JSON = True
UTC = datetime.timezone.utc
DATA = dict (dt = datetime.datetime (2020, 2, 3, 4, 5, 6, 789, tzinfo = UTC), d = datetime.date (2020, 2, 3), tz = datetime.datetime (2020, 2, 3, 4, 5, 6, tzinfo = datetime.timezone (datetime.timedelta (hours = 9))), nest = [[{"at": datetime.datetime (1999, 12, 31, 23, 59, 59, tzinfo = UTC)}]])
@app.route ("/data")
def data (was): return was.API (DATA)
@app.route ("/naive")
def naive (was): return was.API (n = datetime.datetime (2020, 7, 3, 4, 5, 6))
@app.route ("/dec")
def dec (was): return was.API (n = decimal.Decimal ("1.50"))
@app.route ("/uuid")
def uu (was): return was.API (n = uuid.UUID (int = 5))
@app.route ("/time")
def time (was): return was.API (n = datetime.time (1, 2))
@app.route ("/fault")
def fault (was): return was.Fault ("400 Bad Request", "x", more_info = datetime.date (2020, 1, 1))
@app.route ("/err")
def err (was): raise was.Error ("400 Bad Request", "x")

if __name__ == "__main__":
    import skitai
    skitai.mount ("/", app)
    skitai.run (port = 5000)

import time

RATES = {"EUR": 100, "USD": 108, "GBP": 86}

def ask_the_bank (currency):
    time.sleep (0.01) # a slow service of somebody else
    if currency not in RATES:
        raise ValueError ("no rate for {}".format (currency))
    return RATES [currency]

def __mount__ (app, mntopt):
    @app.route ("/<currency>")
    def rate (was, currency):
        task = was.Thread (ask_the_bank, args = (currency,))
        return was.response.API (currency = currency, rate = task.fetch ())

    @app.route ("/<currency>/books/<int:id>", coroutine = True)
    def price (was, currency, id):
        tasks = yield was.Tasks (
            rate = was.Thread (ask_the_bank, args = (currency,)),
            book__one = was.db ("@shop").select ("book").filter (id = id).execute (),
        )
        found = tasks.dict ()
        return was.response.API (cents = found ["book"].cents * found ["rate"] // 100, currency = currency)

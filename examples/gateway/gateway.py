"""Routes that ask other services: in parallel, one after the other, all at once, or piece by piece."""

import skitai
from atila import Atila

CITIES = ["Oslo", "Rome", "Cork"]
PATHS = ["/city/Oslo", "/advice/Rome", "/cities", "/events/Rome", "/report.csv", "/raw/Cork"]


def __app__():
    return Atila(__name__)


def __mount__(app, mntopt):
    @app.route("/")
    def index(was):
        """What there is to be tried."""
        return "\n".join(f'<p><a href="{path}">{path}</a></p>' for path in PATHS)

    @app.route("/city/<name>")
    def city(was, name):
        """In parallel: the thread is free at once, the answer is made when both have come."""
        return was.Map(
            weather=was.get(f"@weather/{name}", cache=60),
            events=was.get(f"@events/{name}"),
        )

    @app.route("/advice/<name>", coroutine=True)
    def advice(was, name):
        """One after the other: a coroutine yields a task, and goes on with its result."""
        task = yield was.get(f"@weather/{name}")
        if task.dispatch().status_code == 404:
            raise was.Error("404 Not Found", f"no weather for {name}")
        weather = task.fetch()
        if weather["sky"] != "sun":
            return was.API(advice="stay at home")
        task = yield was.get(f"@events/{name}")
        return was.API(advice=f"go to: {', '.join(task.fetch()['events'])}")

    @app.route("/cities")
    def cities(was):
        """As many tasks as there are cities, waited for as one."""
        tasks = was.Tasks([was.get(f"@weather/{name}") for name in CITIES])
        return tasks.then(lambda was, tasks: was.API(cities=tasks.fetch()))

    @app.route("/events/<name>")
    def events(was, name):
        """Every server of an alias: what the slow and the broken ones do not say is left out."""

        def respond(was, task):
            answers = [each for each in task.dispatch() if each.status == skitai.STA_NORMAL]
            found = [event for each in answers if each.status_code == 200 for event in each.data["events"]]
            return was.API(events=sorted(found), servers=len(answers))

        return was.get.map(f"@events/{name}").then(respond)

    @app.route("/report.csv", coroutine=True)
    def report(was):
        """Piece by piece: what a coroutine yields is sent at once."""
        was.response.set_header("Content-Type", "text/csv")
        yield "city,sky,degrees\n"
        for name in CITIES:
            task = yield was.get(f"@weather/{name}")
            row = task.fetch()
            yield f"{name},{row['sky']},{row['degrees']}\n"

    @app.route("/raw/<path:path>", methods=["GET", "POST"])
    def raw(was, path):
        """Passed on as it is."""
        return was.ProxyPass("@weather", path, forward=True)

"""The services that the gateway asks. Each takes its time, as services do."""

import asyncio

from atila import Atila

WEATHER = {"Oslo": ("snow", -3), "Rome": ("sun", 17), "Cork": ("rain", 9)}
EVENTS = {
    "events": {"Oslo": ["ice skating"], "Rome": ["open air opera"], "Cork": ["folk night"]},
    "more-events": {"Oslo": ["book fair"], "Rome": [], "Cork": ["jazz festival"]},
}


def service(name):
    """An app that knows the weather, or events. `async def`: while it waits, it keeps no thread."""
    app = Atila(f"upstream-{name}")

    async def found(was, city, known):
        await asyncio.sleep(0.05)
        if city not in known:
            raise was.Error("404 Not Found", f"no such city: {city}")
        return known[city]

    if name == "weather":

        @app.route("/<city>")
        async def weather(was, city):
            sky, degrees = await found(was, city, WEATHER)
            return was.API(city=city, sky=sky, degrees=degrees)

    else:

        @app.route("/<city>")
        async def events(was, city):
            return was.API(city=city, events=await found(was, city, EVENTS[name]))

    return app

"""The pages of the board."""


def __setup__(app, mntopt):
    from . import live, notices, people

    app.mount("/", notices)
    app.mount("/people", people)
    app.mount("/live", live)


def __mount__(app, mntopt):
    @app.template_global("picture_url")
    def picture_url(was, picture):
        """Pictures that came with the app are static files, others were uploaded."""
        return was.static(picture) if picture.startswith("art/") else was.media(picture)

"""A Django project with models of `atila.patches.djangopatch`, for the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..launch import ROOT, RUN, Launched

SETTINGS = """
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
SECRET_KEY = "a key for tests"
DEBUG = True
ALLOWED_HOSTS = ["*"]
DATABASES = {{"default": {database}}}
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.messages", "shop"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware"]
TEMPLATES = [{{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {{"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}},
}}]
ROOT_URLCONF = "project.urls"
STATIC_URL = "/static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
"""

MODELS = """
from django.contrib.auth.models import User as Account
from django.db import models
from atila.patches.djangopatch import Model

class Team (Model):
    name = models.CharField (max_length = 16, unique = True)
    lead = models.ForeignKey (
        "User", null = True, blank = True, on_delete = models.SET_NULL, related_name = "leads")

    class Meta:
        db_table = "shop_team"

class User (Model):
    uid = models.CharField (max_length = 32)
    email = models.EmailField (max_length = 64, null = True, blank = True)
    nick_name = models.CharField (max_length = 16, null = True, blank = True)
    lev = models.CharField (max_length = 16, default = "user",
        choices = [("guest", "Guest"), ("user", "User"), ("more", [("staff", "Staff")])])
    age = models.IntegerField (null = True)
    points = models.PositiveIntegerField (default = 0)
    score = models.FloatField (default = 1.5)
    price = models.DecimalField (max_digits = 6, decimal_places = 2, null = True)
    active = models.BooleanField (default = True)
    born = models.DateField (null = True)
    wake = models.TimeField (null = True)
    seen = models.DateTimeField (null = True)
    lasts = models.DurationField (null = True)
    token = models.UUIDField (null = True)
    extra = models.JSONField (null = True)
    slug = models.SlugField (blank = True, default = "s")
    renamed = models.CharField (max_length = 8, null = True, db_column = "other_name")
    memo = models.TextField (default = "")
    team = models.ForeignKey (Team, null = True, on_delete = models.CASCADE)
    account = models.ForeignKey (Account, null = True, on_delete = models.CASCADE)
    team_name = models.ForeignKey (
        Team, null = True, to_field = "name", on_delete = models.CASCADE, related_name = "named")
    teams = models.ManyToManyField (Team, related_name = "members")
    created = models.DateTimeField (auto_now_add = True)
    last_updated = models.DateTimeField (auto_now = True)

    class Meta:
        db_table = "shop_user"

    def __str__ (self):
        return self.uid

class UserLog (Model):
    user = models.ForeignKey (User, on_delete = models.CASCADE)
    note = models.TextField ()
    day = models.DateField (auto_now = True)
    time = models.TimeField (auto_now_add = True)

    class Meta:
        db_table = "shop_log"
"""

ADMIN = """
from django.contrib import admin
from .models import Team, User

admin.site.register (Team)
admin.site.register (User)
"""

SERVE = """
import skitai
from atila import Atila

app = Atila (__name__)

def evaluate (was, code, how):
    import datetime, decimal, uuid
    from django.core.exceptions import ValidationError
    from shop.models import Team, User, UserLog
    from sqlphile import D, F, Q, V
    names = dict (locals ())
    names ["now"] = datetime.datetime.now (datetime.timezone.utc)
    try:
        *lines, last = code.strip ().split (chr (10))
        exec (chr (10).join (lines), names)
        value = eval (last, names)
        return value if how == "value" else str (value)
    except ValidationError as error:
        return "ValidationError: %s" % error.messages [0]
    except Exception as error:
        return "%s: %s" % (type (error).__name__, error)

@app.route ("/do", methods = ["POST"])
def do (was, code, how = "value"):
    return was.API (result = evaluate (was, code, how))

# as in the README

@app.route ("/users/<uid>", methods = ["GET", "POST", "PUT", "DELETE"])
def users (was, uid, **payload):
    from shop.models import User, UserLog
    method = was.request.method
    if method == "GET":
        return was.Map (users = User.get (uid = uid, nick_name = None).execute ())
    if method == "POST":
        task = User.add (dict (payload, uid = uid)).returning ("*").execute ()
        return was.Map ("201 Created", user__one = task)
    if method == "PUT":
        return was.Map (user__one = User.set (payload, uid = uid).returning ("*").execute ())
    was.Tasks (
        UserLog.remove (user_id__in = User.get (uid = uid).get ("id")).execute ()).commit ()
    User.remove (uid = uid).execute ().commit ()
    return was.API (removed = uid)

@app.route ("/coroutine", coroutine = True)
def coroutine (was, uid):
    from shop.models import User
    task = yield User.get (uid = uid).get ("uid", "lev").execute ()
    return was.API (users = task.fetch ())

@app.route ("/transfer")
def transfer (was, fail = "no"):
    from shop.models import Team
    with Team.transaction () as db:
        db.insert (Team).set (name = "moved").execute ()
        if fail == "yes":
            raise was.Error ("409 Conflict")
        db.commit ()
    return was.API (teams = Team.get (name = "moved").execute ().fetch ())

if __name__ == "__main__":
    skitai.alias ("@rdb", skitai.DJANGO, "project/settings.py")
    skitai.mount ("/", app)
    skitai.mount ("/admin", "project/wsgi.py:application")
    skitai.run (port = 5000)
"""

FILES = {
    "serve.py": SERVE,
    "project/__init__.py": "",
    "project/urls.py": (
        "from django.contrib import admin\nfrom django.urls import path\n"
        "urlpatterns = [path ('', admin.site.urls)]\n"
    ),
    "project/wsgi.py": (
        "import os\nfrom django.core.wsgi import get_wsgi_application\n"
        "os.environ.setdefault ('DJANGO_SETTINGS_MODULE', 'project.settings')\n"
        "application = get_wsgi_application ()\n"
    ),
    "shop/__init__.py": "",
    "shop/migrations/__init__.py": "",
    "shop/models.py": MODELS,
    "shop/admin.py": ADMIN,
    "manage.py": (
        "import atila_compat, os, sys\natila_compat.install ()\n"
        "os.environ.setdefault ('DJANGO_SETTINGS_MODULE', 'project.settings')\n"
        "from django.core.management import execute_from_command_line\n"
        "execute_from_command_line (sys.argv)\n"
    ),
}


class Project:
    """A project in a folder, migrated, and its server.

    Args:
        database: the entry `default` of DATABASES, as source text.
    """

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        for name, text in {**FILES, "project/settings.py": SETTINGS.format(database=database)}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        self.manage("makemigrations", "shop")
        self.manage("migrate")
        self.manage("createsuperuser", "--noinput", "--username=root", "--email=root@example.com")
        self.server = Launched(RUN, folder)

    def manage(self, *arguments: str, code: str | None = None) -> str:
        """Run `manage.py`; gives what it prints."""
        env = {**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SUPERUSER_PASSWORD": "secret"}
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.folder,
            env=env,
            input=code,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def orm(self, code: str) -> str:
        """What Django itself prints for `code`, with the models at hand."""
        return self.manage(
            "shell", "-v", "0", "-c", f"from shop.models import Team, User, UserLog\n{code}"
        ).strip()

    def do(self, code: str, how: str = "value") -> Any:
        """The value of the last line of `code`, executed in a handler."""
        answer = self.server.client.post("/do", json={"code": code, "how": how})
        assert answer.status_code == 200, answer.text + self.server.log()
        return answer.json()["result"]

    def sql(self, code: str) -> str:
        """The SQL of a query, or its error, in one line."""
        return str(self.do(code, "text")).replace("\n", " ")

    def stop(self) -> None:
        """End the server."""
        self.server.stop()


def as_source(values: Mapping[str, Any]) -> str:
    """A dict as Python source."""
    return repr(dict(values))

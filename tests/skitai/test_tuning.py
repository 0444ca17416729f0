"""The functions that set what the whole service goes by."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator

import pytest

from atila_compat import settings as ground
from atila_compat import skitai
from atila_compat.settings import settings
from atila_compat.skitai import tuning


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    """Each test begins and ends with the defaults."""
    ground.reset()
    yield
    ground.reset()


def test_values_are_kept() -> None:
    """What is set is what the server and the areas read."""
    skitai.set_backlog(64)
    skitai.set_keep_alive(7)
    skitai.set_request_timeout(11)
    skitai.set_max_upload_size(1024)
    skitai.set_backend(3, 5)
    skitai.set_backend_keep_alive(9)
    skitai.set_max_rcache(10)
    skitai.add_wasc_option("colour", "red")
    skitai.enable_ssl("cert.pem", "key.pem", "word")
    skitai.log_off("*.css", "/x/")
    assert (settings.backlog, settings.keep_alive, settings.network_timeout) == (64, 7, 11)
    assert (settings.max_upload_size, settings.backend_timeout, settings.backend_object_timeout) == (
        1024,
        3,
        5,
    )
    assert (settings.backend_keep_alive, settings.max_rcache) == (9, 10)
    assert settings.was_options == {"colour": "red"}
    assert (settings.certfile, settings.keyfile, settings.passphrase) == ("cert.pem", "key.pem", "word")
    assert settings.log_off == ["*.css", "/x/"]


def test_the_longest_prefix_comes_first() -> None:
    """Ages of static files are looked up by the longest path prefix; a second call for one replaces it."""
    skitai.set_max_age("/", 1)
    skitai.set_max_age("/static", 60)
    skitai.set_max_age("/static", 90)
    assert settings.max_ages == [("/static", 90), ("/", 1)]


@pytest.mark.parametrize("value", [-1, "ten", None, True])
def test_wrong_values_are_named(value: object) -> None:
    """A number that cannot be is a ValueError with the function's name."""
    with pytest.raises(ValueError, match="set_keep_alive"):
        skitai.set_keep_alive(value)  # type: ignore[arg-type]


def test_settings_without_effect_say_so(caplog: pytest.LogCaptureFixture) -> None:
    """A setting without counterpart is kept, documented and logged at debug level."""
    with caplog.at_level(logging.DEBUG, "atila_compat.settings"):
        skitai.use_poll("epoll")
        skitai.config_executors(workers=8)
        skitai.set_smtp("mail.example:25", start_service=True)
    assert settings.extra["use_poll"] == "epoll"
    assert "skitai.use_poll" in caplog.text
    assert settings.smtp["server"] == "mail.example:25"


def test_every_function_is_documented() -> None:
    """Each tuning function says in its docstring what it does, or that it has no effect."""
    functions = [
        f for _, f in inspect.getmembers(tuning, inspect.isfunction) if f.__module__ == tuning.__name__
    ]
    assert all(inspect.getdoc(f) for f in functions if not f.__name__.startswith("_"))

"""`atila-compat docs`: the API document of a launch script, as JSON and as a page."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AtilaError
from ..migrate.outputs import check_writable, write_file
from ..skitai.script import missing_script

if TYPE_CHECKING:
    from ..skitai.server import Service


def build_parser() -> argparse.ArgumentParser:
    """The command line; what is not known is the script's own."""
    parser = argparse.ArgumentParser(
        prog="atila-compat docs",
        usage="atila-compat docs SCRIPT [--output FILE] [--html FILE] [--records FOLDER] [--title TITLE] "
        "[--api-version VERSION] [the script's own options]",
        description="Writes an OpenAPI 3.1 document of the apps of a launch script: from routes, inspect "
        "rules, docstrings and permissions, and from what `pytest --docs` has recorded. Nothing is served.",
        allow_abbrev=False,
    )
    parser.add_argument("script", metavar="SCRIPT", help="the file that calls skitai.run")
    parser.add_argument(
        "--output", metavar="FILE", help="where the document goes; the terminal where not given"
    )
    parser.add_argument("--html", metavar="FILE", help="also write it as a page that needs no network")
    parser.add_argument(
        "--records", metavar="FOLDER", help="what was recorded: a folder .webtest_log, or tests"
    )
    parser.add_argument("--title", help="name of the API; the script's folder where not given")
    parser.add_argument("--api-version", default="1", metavar="VERSION", help="version of the API (1)")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit code: 0, or 1 where the script or the records cannot be read.

    Raises SystemExit with code 2 for a wrong command line.
    """
    given, own = build_parser().parse_known_args(arguments)
    script = Path(given.script)
    if not script.is_file():
        print(f"atila-compat: {missing_script(str(script))}", file=sys.stderr)
        return 2
    # the script may change the directory
    outputs = [Path(os.path.abspath(path)) if path else None for path in (given.output, given.html)]
    title = given.title or script.resolve().parent.name
    try:
        for path in outputs:
            if path is not None:
                check_writable(path)
        folder = records_folder(given.records)
        document = document_of(str(script), own, folder, title=title, version=given.api_version)
    except AtilaError as error:
        print(f"atila-compat: {error}", file=sys.stderr)
        return 1
    output, html = outputs
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    try:
        if output:
            write_file(output, text)
        elif not html:
            sys.stdout.write(text)
        if html:
            from .page import render

            write_file(html, render(document))
    except AtilaError as error:
        print(f"atila-compat: {error}", file=sys.stderr)
        return 1
    return 0


def records_folder(given: str | None) -> str | None:
    """Where recorded exchanges are: the folder itself, or below it in `.webtest_log/v`; None for none.

    Without one that is given, `.webtest_log` here and in `tests` is tried. Raises AtilaError for one that is
    given and holds none.
    """
    from .recording import FOLDER

    for base in [given] if given else [".", "tests"]:
        for folder in (base, os.path.join(base, "v"), os.path.join(base, FOLDER)):
            if os.path.isdir(folder) and any(name.endswith(".spec") for name in os.listdir(folder)):
                return os.path.abspath(folder)
    if given:
        raise AtilaError(f"nothing was recorded in {given}: run `pytest --docs` first")
    return None


def document_of(
    script: str, arguments: Sequence[str], folder: str | None, *, title: str, version: str
) -> dict[str, Any]:
    """The OpenAPI document of a launch script.

    Args:
        arguments: its command line.
        folder: of recorded exchanges.

    Raises AtilaError where it mounts nothing or an app cannot be loaded, and SystemExit where the script
    itself fails, which is shown then.
    """
    from ..shims.hook import install
    from ..skitai.script import collect, shown_as_python_does
    from .openapi import openapi
    from .recording import exchanges

    install()
    with shown_as_python_does():
        service = collect(script, arguments, replace_path=True)
    service.load()
    recorded = exchanges(folder) if folder else ()
    return openapi(mounted_apps(service), recorded, title=title, version=version)


def mounted_apps(service: Service) -> list[Any]:
    """The Atila apps of a service."""
    from ..app import Atila
    from .openapi import MountedApp

    loaded = [each for each in service.loaded if isinstance(each.app, Atila)]
    alone = len(loaded) == 1
    return [MountedApp(each.app, each.mount.point, "" if alone else f"{each.mount.name}:") for each in loaded]

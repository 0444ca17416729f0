"""The report as text, JSON and SARIF, and the command that writes it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from atila_compat.migrate.check import Status, check
from atila_compat.migrate.formats import as_json, as_sarif, as_text

ROOT = Path(__file__).resolve().parents[2]

CODE = """\
import skitai
from atila import Atila
app = Atila (__name__)
app.securekey = "x"

@app.route ("/")
def index (was):
    was.nosuch ()
    was.nosuch ()
    return was.ab ("index")
"""

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
POSITIVE = {"type": "integer", "minimum": 1}
REGION = {
    "type": "object",
    "required": ["startLine"],
    "properties": {"startLine": POSITIVE, "startColumn": POSITIVE},
    "additionalProperties": False,
}
ARTIFACT = {
    "type": "object",
    "required": ["uri"],
    "properties": {"uri": {"type": "string", "pattern": r"^[^\s\\]+$"}},
    "additionalProperties": False,
}
LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation", "region"],
            "properties": {"artifactLocation": ARTIFACT, "region": REGION},
            "additionalProperties": False,
        }
    },
    "additionalProperties": False,
}
RESULT = {
    "type": "object",
    "required": ["message", "ruleId"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "locations": {"type": "array", "items": LOCATION, "minItems": 1},
    },
    "additionalProperties": False,
}
RULE = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "shortDescription": TEXT,
        "fullDescription": TEXT,
        "help": TEXT,
    },
    "additionalProperties": False,
}
DRIVER = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "semanticVersion": {"type": "string"},
        "rules": {"type": "array", "items": RULE, "uniqueItems": True},
    },
    "additionalProperties": False,
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool"],
                "properties": {
                    "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {"type": "array", "items": RESULT},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
"""Those parts of the SARIF 2.1.0 schema that a report has, as the OASIS standard defines them."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with an app and a broken file."""
    (tmp_path / "serve.py").write_text(CODE)
    (tmp_path / "my views.py").write_text("def f (:\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_text_names_each_thing_once_with_its_places(folder: Path) -> None:
    """What is missing comes first; each thing has all its places, what to do, and the guide's section."""
    text = as_text(check([Path()]))
    headings = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert headings == [
        "Files that cannot be read: 1",
        "Missing: 2",
        "Behaves differently: 1",
        "Supported: 4",
        "2 files: 2 missing, 1 differs, 4 supported, 1 unreadable",
    ]
    assert text.count("was.nosuch: was has no nosuch here") == 1
    assert "      serve.py:8  serve.py:9\n" in text
    assert "migration_guide/10-differences.md#session-format" in text
    assert "its current name is urlfor" in text
    assert "serve.py:10" in text
    assert "my views.py:1" in text


def test_json_has_each_use(folder: Path) -> None:
    """The JSON report has every finding with its place, and counts by status."""
    report = json.loads(as_json(check([Path()])))
    assert report["summary"] == {"supported": 4, "differs": 1, "missing": 2, "broken": 1}
    assert report["files"] == 2
    missing = [each for each in report["findings"] if each["status"] == "missing"]
    assert [(each["path"], each["line"], each["column"]) for each in missing] == [
        ("serve.py", 8, 9),
        ("serve.py", 9, 9),
    ]
    assert {"name", "rule", "what", "todo", "link"} <= set(missing[0])


def test_sarif_is_valid(folder: Path) -> None:
    """SARIF has what its schema asks for; results point at their rules, paths are URIs."""
    log: dict[str, Any] = json.loads(as_sarif(check([Path()]), "1.2.3"))
    jsonschema.Draft202012Validator.check_schema(SARIF)
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["semanticVersion"] == "1.2.3"
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    levels = [(result["ruleId"], result["level"]) for result in run["results"]]
    assert levels == [
        ("broken-file", "error"),
        ("session-format", "warning"),
        ("missing-name", "error"),
        ("missing-name", "error"),
    ]
    assert "12-troubleshooting.md#broken-file" in rules[0]["help"]["text"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "my%20views.py"


def test_report_of_nothing_is_valid(tmp_path: Path) -> None:
    """A folder without Python has a report in every format."""
    report = check([tmp_path])
    jsonschema.validate(json.loads(as_sarif(report, "1")), SARIF)
    assert as_text(report) == "0 files: 0 missing, 0 differs, 0 supported, 0 unreadable\n"
    assert json.loads(as_json(report))["summary"] == dict.fromkeys(Status, 0)


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command, as a user runs it."""
    command = [sys.executable, "-m", "atila_compat", "check", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_command_has_exit_codes_for_ci(folder: Path) -> None:
    """0 where nothing is missing, 1 where something is, 2 for a wrong command line."""
    done = run("serve.py", cwd=folder)
    assert done.returncode == 1
    assert done.stdout.startswith("Missing: 2\n")
    (folder / "fine.py").write_text("import skitai\nskitai.run ()\n")
    assert run("fine.py", cwd=folder).returncode == 0
    assert run("my views.py", cwd=folder).returncode == 1
    wrong = run("nowhere.py", cwd=folder)
    assert wrong.returncode == 2
    assert "there is no file or folder nowhere.py" in wrong.stderr
    assert run("--format", "html", "fine.py", cwd=folder).returncode == 2
    assert run(cwd=folder).returncode == 2


def test_command_writes_the_report(folder: Path) -> None:
    """`--output` writes the report into a file; one that cannot be written is an error with a reason."""
    done = run("--format", "sarif", "--output", "report.sarif", "serve.py", cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    jsonschema.validate(json.loads((folder / "report.sarif").read_text()), SARIF)
    failed = run("--output", "no/such/folder.txt", "serve.py", cwd=folder)
    assert failed.returncode == 2
    assert "cannot be written" in failed.stderr

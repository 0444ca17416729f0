"""migration_guide/: what its pages say to do works, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from atila_compat.skitai import command_line, launch
from atila_compat.skitai.run_config import RunConfig

from .pages import FENCE, GUIDE, Reader, blocks, fits

ELSEWHERE = {
    "04-deploy.md": "shows files of systemd, nginx and containers; tests/production tries its parts",
    "10-differences.md": "is made from the package's own list; tests/migrate compares the two",
}
"""Pages whose blocks are not run here."""

PAGES = sorted(GUIDE.glob("*.md"))
LANGUAGES = {"python", "console", "text", "http", "nginx", "toml", "yaml"}


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in ELSEWHERE], ids=lambda p: p.name)
@pytest.mark.timeout(180)
def test_page_works_as_it_says(page: Path, tmp_path: Path) -> None:
    """All listings and commands of a page, done from top to bottom in a copy of the shop, work."""
    reader = Reader(tmp_path / "shop")
    try:
        reader.read(page)
    finally:
        reader.close()


def test_pages_are_numbered_without_gaps() -> None:
    """01 to 13, and the README that lists them."""
    names = [page.name for page in PAGES if page.name != "README.md"]
    assert [name[:2] for name in names] == [f"{number:02}" for number in range(1, 14)]
    assert re.findall(r"\]\((\d\d-[\w-]+\.md)\)", (GUIDE / "README.md").read_text()) == names


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in ELSEWHERE], ids=lambda p: p.name)
def test_page_says_first_what_its_reader_has_at_the_end(page: Path) -> None:
    """A page begins with its title and a line that begins "At the end"."""
    title, _, rest = page.read_text().partition("\n")
    assert title.startswith("# ")
    assert page.name == "README.md" or rest.lstrip().startswith("At the end")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Files and anchors that a page links to are there."""
    text = FENCE.sub("", page.read_text())
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        assert not anchor or f'id="{anchor}"' in file.read_text(), target


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in ELSEWHERE], ids=lambda p: p.name)
def test_blocks_are_of_known_kinds(page: Path) -> None:
    """A block in another language would look as if it were tried."""
    assert {block.language for block in blocks(page)} <= LANGUAGES


def test_picture_is_well_formed() -> None:
    """The picture of a request's way is SVG without scripts, with a title for those who cannot see it."""
    root = ElementTree.parse(GUIDE / "request.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert not [element for element in root.iter() if element.tag.endswith("script")]


@pytest.mark.parametrize(
    ("shown", "printed", "fit"),
    [("a ... c", "a b\nb c\n", True), ("a", "ab", False), ("...", "anything", True), ("a.c", "abc", False)],
)
def test_dots_stand_for_anything(shown: str, printed: str, fit: bool) -> None:
    """Shown output is compared as it stands, but for three dots."""
    assert fits(shown, printed) is fit


def test_options_of_the_service_are_explained() -> None:
    """Page 4 explains every option, every command and every keyword that `skitai.run` knows."""
    page = (GUIDE / "04-deploy.md").read_text()
    options = {name for declared in command_line.ENGINE_OPTIONS for name in declared.names}
    keywords = set(re.findall(r"`(\w+)`", (launch.run.__doc__ or "").partition("Args:")[2]))
    assert {"port", "state", "grpc_port"} <= keywords
    for name in {*options, *command_line.COMMANDS, *keywords}:
        assert re.search(rf"[`\"]{re.escape(name)}\b", page), name
    for name in (keyword for keyword in vars(RunConfig()) if keyword != "serve_static"):
        assert name in keywords, name

"""What the pages say is true: commands, options, files, captions, versions."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

import pipelines
from app.commands import application
from docs.draw_house import BEGIN, END, caption, tree

ROOT = Path(__file__).parents[1]
PAGES = sorted(path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@cache
def commands() -> dict[str, set[str]]:
    """Every command of the command line with the options that it takes."""
    found: dict[str, set[str]] = {}

    def visit(command: Any, name: str) -> None:
        inner = getattr(command, "commands", None)
        if inner is None:
            words = {word for parameter in command.params for word in [*parameter.opts, *parameter.secondary_opts]}
            found[name] = {word for word in words if word.startswith("-")} | {"--help", "--debug"}
            return
        for word, child in inner.items():
            visit(child, f"{name} {word}".strip())

    visit(typer.main.get_command(application), "")
    return found


def blocks(page: Path) -> list[str]:
    """The fenced code blocks of a page."""
    return re.findall(r"^```\w*\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def snippets(page: Path) -> list[str]:
    """Every command line of `worldloom` on a page, in code blocks and in the text."""
    text = page.read_text(encoding="utf-8")
    inline = re.findall(r"`(worldloom [^`]+)`", text)
    lines = [line for block in blocks(page) for line in block.splitlines() if line.startswith("worldloom ")]
    return inline + lines


def test_there_are_pages_to_check() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= {page.name for page in PAGES}
    assert len(commands()) >= 11


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_on_the_page_exist(page: Path) -> None:
    for line in snippets(page):
        words = shlex.split(line.replace("…", "X"))[1:]
        name = " ".join(words[:2]) if " ".join(words[:2]) in commands() else words[0] if words else ""
        if name == "--help" or any(command.startswith(f"{name} ") for command in commands()):  # a group such as `worldloom things`
            continue
        assert name in commands(), f"{page.name}: {line}"
        options = {word.split("=")[0] for word in words if re.fullmatch(r"--?[a-z][a-z-]*(=.*)?", word)}
        assert options <= commands()[name], f"{page.name}: {line} names {sorted(options - commands()[name])}"


def test_every_command_is_documented() -> None:
    table = {
        line.split("`")[1].removeprefix("worldloom ")
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.startswith("| `worldloom ")
    }
    documented = {" ".join(word for word in row.split() if word.islower() and word.isalpha()) for row in table}
    assert documented == set(commands())


def test_options_in_the_command_table_exist() -> None:
    for line in (ROOT / "README.md").read_text().splitlines():
        if line.startswith("| `worldloom "):
            head, _, text = line[2:].partition(" | ")
            name = " ".join(word for word in head.strip("`").split()[1:] if word.islower() and word.isalpha())
            for option in re.findall(r"`(--?[a-z-]+)", text):
                assert option in commands()[name], f"{name} has no {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_on_the_page_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z]+)", text)) | {
        match for block in blocks(page) for match in re.findall(r"^make ([a-z]+)", block, re.MULTILINE)
    }
    assert named <= targets, f"{page.name} names {sorted(named - targets)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_resolve(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:|#", target):
            assert (page.parent / target.partition("#")[0]).exists(), f"{page.name} links to {target}"


def test_paths_named_in_the_guide_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:pipelines|app|tests|docs|bench)/[\w/.]+)`", text))
    assert named
    missing = {path for path in named if not (ROOT / path).exists()}
    assert not missing


def test_changelog_has_the_version() -> None:
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == pipelines.__version__
    assert versions == sorted(versions, key=lambda version: tuple(map(int, version.split("."))), reverse=True)


def test_house_is_drawn_as_it_stands() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn = page.partition(BEGIN)[2].partition(END)[0]
    assert drawn == tree(), "run: python docs/draw_house.py"


@pytest.mark.parametrize("folder", ["app", "pipelines", "bench", "docs"])
def test_every_module_has_a_caption(folder: str) -> None:
    for path in sorted((ROOT / folder).rglob("*.py")):
        first = caption(path)
        assert first, f"{path.relative_to(ROOT)} has no caption"
        assert len(first) <= 140, f"the caption of {path.relative_to(ROOT)} is too long"
        assert first[-1] in ".:;" or first.endswith("`"), f"the caption of {path.relative_to(ROOT)} is no sentence: {first!r}"

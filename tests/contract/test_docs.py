"""The documentation names files, modules and commands that exist."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import songreel_app.cli
import songreel_gateway.commands
import songreel_identity.commands
import typer.main

ROOT = Path(__file__).resolve().parents[2]
FILES = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    check=True,
    capture_output=True,
    text=True,
).stdout.split()
PAGES = sorted(name for name in FILES if name.endswith(".md") and (ROOT / name).exists())
PATHS = {*FILES, *(str(parent) for name in FILES for parent in Path(name).parents)}
ROOM = {name.split("/")[0] for name in FILES}
CLIS: dict[str, Any] = {
    "songreel": songreel_app.cli.app,
    "songreel-gateway": songreel_gateway.commands.app,
    "songreel-identity": songreel_identity.commands.app,
}
BEFORE = r"(?:^\s*|[;$] |-- |\$\(|bin/|[A-Z]=\S+ )"
"""What a command may follow on its line."""
MADE_BY_READERS = {"deploy/docker/.env"}
PLACEHOLDER = re.compile(r"<\w+>|\b[A-Z]{4,}\b")
"""Stands for any name in a path, as in `deploy/docker/SERVICE.Dockerfile`."""


def code_of(page: str) -> str:
    """The page's code blocks and inline code, a piece a line."""
    text = (ROOT / page).read_text()
    blocks = re.findall(r"^ *```[^\n]*\n(.*?)^ *```", text, flags=re.M | re.S)
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)
    return "\n".join([*blocks, *inline_code(prose)])


def inline_code(text: str) -> list[str]:
    return [re.sub(r"\s+", " ", code) for code in re.findall(r"`([^`]+)`", text)]


def anchors(page: Path) -> set[str]:
    """Anchors of the page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.M)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def lookups(code: str) -> Iterator[str]:
    """The paths from the repository's root, and the Python files, that code names."""
    for word in re.findall(r"[\w./<>*-]+", code):
        name = word.rstrip("./")
        if name.split("/")[0] in ROOM and "/" in name:
            yield name
        elif re.fullmatch(r"[a-z][\w/]*\.py", name):
            yield f"*/{name}"


@pytest.mark.parametrize("page", PAGES)
def test_relative_links_lead_somewhere(page: str) -> None:
    prose = re.sub(r"^ *```.*?^ *```", "", (ROOT / page).read_text(), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), f"{page} links to {target}"
        if anchor:
            assert anchor in anchors(file), f"{page} links to {target}: no such heading"


@pytest.mark.parametrize("page", PAGES)
def test_named_files_exist(page: str) -> None:
    for name in lookups(code_of(page)):
        pattern = PLACEHOLDER.sub("*", name)
        found = name in MADE_BY_READERS or any(fnmatchcase(path, pattern) for path in PATHS)
        assert found, f"{page} names {name.removeprefix('*/')}, which does not exist"


@pytest.mark.parametrize("page", PAGES)
def test_named_programs_exist(page: str) -> None:
    for module in re.findall(r"python -m ((?:bench|tests)[\w.]*)", code_of(page)):
        path = module.replace(".", "/")
        assert {f"{path}.py", f"{path}/__main__.py"} & PATHS, f"{page} runs python -m {module}"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("program", CLIS)
def test_named_commands_and_options_exist(page: str, program: str) -> None:
    root = typer.main.get_command(CLIS[program])
    for line in code_of(page).replace("\\\n", " ").split("\n"):
        for used in re.findall(rf"{BEFORE}{program} ([a-z][^;#|&`)]*)", line):
            command, *words = follow(root, used.split(), f"{page}: {program} {used}")
            known = {option for each in command.params for option in each.opts}
            given = {word.split("=")[0] for word in words if re.match(r"--[a-z]", word)}
            assert given <= known, f"{page}: {program} {used}: {', '.join(given - known)}"


def follow(command: Any, words: list[str], where: str) -> list[Any]:
    """The command that the words lead to, and the words after its name."""
    while getattr(command, "commands", None) and words and re.match("[a-z]", words[0]):
        assert words[0] in command.commands, where
        command, words = command.commands[words[0]], words[1:]
    return [command, *words]

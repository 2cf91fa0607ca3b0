"""Writes what each service's image installs: `python deploy/requirements.py [--check]`.

Versions are those of requirements.txt; which of them a service needs is read from our
pyproject files and from the metadata of the installed packages. Run it in an environment
that has them all (`make setup`).
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "deploy/docker/requirements"

SOURCES = {
    "contracts": "libs/contracts",
    "kit": "libs/kit",
    "gateway": "gateway",
    "audio": "services/audio",
    "prompt": "services/prompt",
    "identity": "services/identity",
    "render": "services/render",
}
"""Folder of each of our distributions, songreel-<name>."""

SERVICES = ("gateway", "audio", "prompt", "identity", "render")

# Images run on this, whatever machine writes the files.
MARKERS = {
    "python_version": "3.11",
    "python_full_version": "3.11.0",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
    "os_name": "posix",
}

# What our pyproject files are built by.
BUILD = "hatchling"

ALONE = REPOSITORY / "requirements-nodeps.txt"
"""Pins packages that declare to need older ones than they work with."""

# What those import in truth.
IMPORTED = {
    "mediapipe": [
        *("absl-py", "attrs", "flatbuffers", "matplotlib"),
        *("numpy", "opencv-python-headless", "protobuf"),
    ]
}


class NotPinnedError(Exception):
    """A package is needed that requirements.txt does not pin."""


@dataclass(frozen=True)
class File:
    """A requirements file of an image."""

    distribution: str
    """What it is for."""
    about: str
    """What it is."""
    alone: bool = False
    """Whether it holds what is installed with --no-deps, and nothing else, or all but that."""


def pins(*paths: Path) -> dict[str, str]:
    """Canonical name -> the line that pins it, of requirements files."""
    found: dict[str, str] = {}
    for path in paths:
        for line in path.read_text().splitlines():
            matched = re.match(r"([A-Za-z0-9._-]+)==\S+", line)
            if matched:
                found[canonicalize_name(matched[1])] = line.split("#")[0].strip()
    return found


def there() -> list[str]:
    """The services that have an image."""
    return [name for name in SERVICES if (FOLDER.parent / f"{name}.Dockerfile").exists()]


def direct(distribution: str) -> list[str]:
    """What one of our distributions asks for."""
    folder = SOURCES[distribution.removeprefix("songreel-")]
    project = tomllib.loads((REPOSITORY / folder / "pyproject.toml").read_text())["project"]
    return project["dependencies"]


def needed(distribution: str) -> set[str]:
    """Canonical names of all packages that it needs, our own not among them."""
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(distribution)]
    names: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        for extra in ("", *wanted.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            ours = name.startswith("songreel-")
            asked = direct(name) if ours else IMPORTED.get(name) or requirements_of(name)
            parsed = [Requirement(text) for text in asked]
            waiting += [each for each in parsed if applies(each, extra)]
            if not ours:
                names.add(name)
    return names


def requirements_of(name: str) -> list[str]:
    """What an installed package asks for."""
    try:
        return requires(name) or []
    except PackageNotFoundError:
        raise NotPinnedError(f"{name} is not installed: run make setup") from None


def applies(requirement: Requirement, extra: str) -> bool:
    """Whether a requirement holds on the images' platform."""
    if requirement.marker is None:
        return not extra
    return requirement.marker.evaluate(MARKERS | {"extra": extra}) and (
        # Without an extra of its own it was met when the package was met first.
        not extra or not requirement.marker.evaluate(MARKERS | {"extra": ""})
    )


def written(file: File) -> str:
    """Content of a requirements file. Raises `NotPinnedError`."""
    alone = pins(ALONE)
    known = pins(REPOSITORY / "requirements-dev.txt", REPOSITORY / "requirements.txt") | alone
    names = needed(file.distribution)
    missing = sorted(name for name in names if name not in known)
    if missing:
        asked = ", ".join(missing)
        raise NotPinnedError(f"{file.distribution} needs {asked}: pin in requirements.txt")
    lines = [known[name] for name in names if (name in alone) == file.alone]
    return "".join(
        f"{each}\n"
        for each in (
            f"# {file.about}. Made by deploy/requirements.py.",
            *sorted(lines, key=str.lower),
        )
    )


def files() -> dict[str, File]:
    """All files by name."""
    found = {"build.txt": File(BUILD, "What builds our own packages")}
    for name in there():
        distribution = f"songreel-{name}"
        found[f"{name}.txt"] = File(distribution, f"What the {name} image installs")
        wanted = {canonicalize_name(Requirement(each).name) for each in direct(distribution)}
        if wanted & set(pins(ALONE)):
            about = f"What the {name} image installs with --no-deps"
            found[f"{name}-nodeps.txt"] = File(distribution, about, alone=True)
    return found


def main() -> int:
    """Writes the files; with --check, writes nothing. 1 when one is not current or cannot be."""
    failed = 0
    for name, file in files().items():
        path = FOLDER / name
        try:
            content = written(file)
        except NotPinnedError as error:
            sys.stderr.write(f"{name}: {error}\n")
            failed = 1
            continue
        if "--check" in sys.argv[1:]:
            failed |= int(not path.exists() or path.read_text() != content)
        else:
            path.write_text(content)
    return failed


if __name__ == "__main__":
    sys.exit(main())

"""Writes the requirements file of each image: `python deploy/requirements.py [--check]`.

Versions come from requirements.txt. What a service needs is read from the pyproject files
and from the metadata of the installed packages, so run it where all of them are installed
(`make setup`).
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
    "animatic": "libs/animatic",
    "gateway": "gateway",
    "audio": "services/audio",
    "prompt": "services/prompt",
    "identity": "services/identity",
    "render": "services/render",
    "score": "services/score",
}
"""Folder of each of our distributions, songreel-<name>."""

SERVICES = ("gateway", "audio", "prompt", "identity", "render", "score")

EXTRAS = {"identity": "mediapipe", "prompt": "llm", "score": "playing"}
"""Distribution -> the extra of it that its image has."""

# The images' platform, whatever machine writes the files.
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

# Build backend of our pyproject files.
BUILD = "hatchling"

NO_DEPS = REPOSITORY / "requirements-nodeps.txt"
"""Pins packages that declare older dependencies than they work with."""

# What those packages really import.
REAL_DEPENDENCIES = {
    "mediapipe": [
        *("absl-py", "attrs", "flatbuffers", "matplotlib"),
        *("numpy", "opencv-python-headless", "protobuf"),
    ],
    "scenedetect": ["click", "numpy", "opencv-python-headless", "platformdirs", "tqdm"],
    "tinysoundfont": [],
}


class NotPinnedError(Exception):
    """A package is needed that requirements.txt does not pin."""


@dataclass(frozen=True)
class File:
    """A requirements file of an image."""

    distribution: str
    """Distribution whose dependencies it lists."""
    about: str
    """Its first line."""
    no_deps: bool = False
    """Whether it lists the packages installed with --no-deps, or all others."""


def pins(*paths: Path) -> dict[str, str]:
    """Canonical name -> the line that pins it."""
    found: dict[str, str] = {}
    for path in paths:
        for line in path.read_text().splitlines():
            matched = re.match(r"([A-Za-z0-9._-]+)==\S+", line)
            if matched:
                found[canonicalize_name(matched[1])] = re.split("[#;]", line)[0].strip()
    return found


def services_with_image() -> list[str]:
    """Services with a Dockerfile."""
    return [name for name in SERVICES if (FOLDER.parent / f"{name}.Dockerfile").exists()]


def direct(distribution: str) -> list[str]:
    """Dependencies that one of our distributions declares, with those of its image's extra."""
    name = distribution.removeprefix("songreel-")
    project = tomllib.loads((REPOSITORY / SOURCES[name] / "pyproject.toml").read_text())["project"]
    extras = project.get("optional-dependencies", {})
    return project["dependencies"] + (extras[EXTRAS[name]] if name in EXTRAS else [])


def needed(distribution: str) -> set[str]:
    """Canonical names of all third-party packages that a distribution needs."""
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
            asked = direct(name) if ours else requirements_of(name)
            parsed = [Requirement(text) for text in asked]
            waiting += [each for each in parsed if applies(each, extra)]
            if not ours:
                names.add(name)
    return names


def requirements_of(name: str) -> list[str]:
    """Dependencies that an installed package declares or imports. Raises `NotPinnedError`."""
    if name in REAL_DEPENDENCIES:
        return REAL_DEPENDENCIES[name]
    try:
        return requires(name) or []
    except PackageNotFoundError:
        raise NotPinnedError(f"{name} is not installed: run make setup") from None


def applies(requirement: Requirement, extra: str) -> bool:
    """Whether a requirement applies on the images' platform."""
    if requirement.marker is None:
        return not extra
    return requirement.marker.evaluate(MARKERS | {"extra": extra}) and (
        # A requirement that applies without the extra was added with the package itself.
        not extra or not requirement.marker.evaluate(MARKERS | {"extra": ""})
    )


def written(file: File) -> str:
    """Content of a requirements file. Raises `NotPinnedError`."""
    unresolved = pins(NO_DEPS)
    known = pins(REPOSITORY / "requirements-dev.txt", REPOSITORY / "requirements.txt") | unresolved
    names = needed(file.distribution)
    missing = sorted(name for name in names if name not in known)
    if missing:
        names = ", ".join(missing)
        raise NotPinnedError(f"{file.distribution} needs {names}: pin them in requirements.txt")
    lines = [known[name] for name in names if (name in unresolved) == file.no_deps]
    return "".join(
        f"{each}\n"
        for each in (
            f"# {file.about}. Generated by deploy/requirements.py.",
            *sorted(lines, key=str.lower),
        )
    )


def files() -> dict[str, File]:
    """File name -> file."""
    found = {"build.txt": File(BUILD, "Build backend of our packages")}
    for name in services_with_image():
        distribution = f"songreel-{name}"
        found[f"{name}.txt"] = File(distribution, f"Installed in the {name} image")
        wanted = {canonicalize_name(Requirement(each).name) for each in direct(distribution)}
        if wanted & set(pins(NO_DEPS)):
            about = f"Installed in the {name} image with --no-deps"
            found[f"{name}-nodeps.txt"] = File(distribution, about, no_deps=True)
    return found


def main() -> int:
    """Writes the files, or only compares them with --check. Returns 1 on a difference or error."""
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

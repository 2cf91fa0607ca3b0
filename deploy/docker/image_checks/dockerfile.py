"""Parses Dockerfiles, as far as ours need it."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

KNOWN = {
    *("FROM", "ARG", "ENV", "WORKDIR", "COPY", "RUN"),
    *("USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT"),
}


@dataclass(frozen=True)
class Step:
    """One instruction."""

    word: str
    """"RUN", "COPY", ..."""
    text: str
    """Its arguments on one line, variables not yet expanded."""


@dataclass
class Stage:
    """A build stage, begun by a FROM."""

    base: str
    name: str = ""
    steps: list[Step] = field(default_factory=list[Step])

    def last(self, word: str) -> str:
        """Arguments of the last such instruction; "" if there is none."""
        return next((step.text for step in reversed(self.steps) if step.word == word), "")

    @property
    def entrypoint(self) -> list[str]:
        """The program and its arguments."""
        return json.loads(self.last("ENTRYPOINT"))

    @property
    def environment(self) -> dict[str, str]:
        """All ENV variables; later ones override earlier ones."""
        return {
            name: value
            for step in self.steps
            if step.word == "ENV"
            for name, value in assignments(step.text).items()
        }


def read(path: Path) -> list[Stage]:
    """The stages of a Dockerfile, with base images expanded from its ARGs.

    Raises `ValueError` at an instruction that is not understood.
    """
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.M)
    text = re.sub(r"\\\n\s*", "", text)
    stages: list[Stage] = []
    arguments: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word not in KNOWN:
            raise ValueError(f"{path.name}: {word} is not understood")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(filled(base, arguments), name))
        elif stages:
            stages[-1].steps.append(Step(word, rest))
        else:
            arguments |= assignments(rest)
    return stages


def assignments(text: str) -> dict[str, str]:
    """`A=1 B="x y"` as a dictionary."""
    return dict(each.split("=", 1) for each in shlex.split(text))


def filled(text: str, values: dict[str, str]) -> str:
    """`${NAME}` replaced by its value."""
    return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text)

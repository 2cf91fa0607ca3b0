"""Storyboards as YAML that a person edits, and back with the line of every fault."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import yaml
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from songreel.prompt.v1.storyboard_pb2 import Storyboard, Subject

from songreel_prompt.storyboard.review import Path
from songreel_prompt.storyboard.yaml_reader import Reader, compose, is_repeated
from songreel_prompt.wording.vocabulary import ACTIONS, FACINGS, KINDS

MEDIA_TYPE: Final = "application/yaml"

_LINE_WIDTH: Final = 100
_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_HEAD: Final = frozenset({"title", "style", "look", "finish"})
"""What a storyboard begins with."""
_COMMENT: Final = """\
A songreel storyboard. Edit what you like; times are seconds, and every scene
starts where the one before ends. Locked scenes are kept when the rest is rewritten.
A composition is what the animatic draws: its subjects from back to front, a line for each."""
_SUBJECT_FIELDS: Final = {
    "kind": ", ".join(KINDS),
    "action": ", ".join(ACTIONS),
    "x, size": "its middle, 0 at the left edge, 1 at the right; its height, 1 is the picture's",
    "facing": ", ".join(FACINGS),
    "seed": "its looks and clothes: the same number is the same figure",
    "protagonist": "true where it is the song's owner",
}


class _Line(dict[str, Any]):
    """Fields that are written on one line."""


class _Row(list[Any]):
    """Words that are written on one line."""


def _flow(dumper: yaml.SafeDumper, line: _Line) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", line, flow_style=True)


def _flow_row(dumper: yaml.SafeDumper, row: _Row) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", row, flow_style=True)


yaml.add_representer(_Line, _flow, Dumper=_DUMPER)
yaml.add_representer(_Row, _flow_row, Dumper=_DUMPER)


@dataclass(frozen=True)
class Document:
    """A storyboard as it was read, not yet checked."""

    storyboard: Storyboard
    name: str
    """What the document is called in messages."""
    lines: Mapping[Path, int]
    """Line number, from 1, of everything that the document says."""

    def locate(self, path: Path) -> str:
        """The place for people, "S.yaml:27": of the field, else of what holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"


def format_storyboard(storyboard: Storyboard) -> str:
    """The storyboard as block YAML; `parse_storyboard` gives back the same storyboard."""
    return _header() + yaml.dump(
        _plain(storyboard),
        Dumper=_DUMPER,
        sort_keys=False,
        allow_unicode=True,
        width=_LINE_WIDTH,
    )


def parse_storyboard(text: str, name: str = "storyboard") -> Document:
    """Reads YAML or JSON strictly; the rules of a storyboard are `checks`' matter.

    Times may be written as seconds or as minutes (`1:23.5`). A scene's start may be
    left out: it is the end of the one before.

    Raises:
        InvalidStoryboard: "S.yaml:12: ..." - not YAML, an unknown or doubled field, a
            value of the wrong kind.
    """
    root = compose(text, name)
    reader = Reader(name)
    storyboard = Storyboard()
    reader.read_message(root, storyboard, ())
    for index, scene in enumerate(storyboard.scenes):
        if ("scenes", index, "start") not in reader.lines and index:
            scene.start = storyboard.scenes[index - 1].end
        if ("scenes", index, "end") not in reader.lines:
            reader.fail(reader.lines["scenes", index], f"scene {index + 1} has no end")
    return Document(storyboard, name, reader.lines)


def _header() -> str:
    """A comment that explains the fields."""
    lines = _COMMENT.splitlines()
    for field, meaning in _SUBJECT_FIELDS.items():
        lines += textwrap.wrap(
            f"  {field:<12} {meaning}", _LINE_WIDTH - 4, subsequent_indent=" " * 15
        )
    return "".join(f"# {line}\n" for line in lines)


def _plain(message: Message) -> dict[str, Any]:
    """Every field in order, those at their default too; no absent messages."""
    content: dict[str, Any] = {}
    fields = cast("list[FieldDescriptor]", message.DESCRIPTOR.fields)
    if isinstance(message, Storyboard):
        fields = sorted(fields, key=lambda field: field.name not in _HEAD)
    for field in fields:
        if field.message_type is not None and not is_repeated(field):
            if message.HasField(field.name):
                content[field.name] = _plain(getattr(message, field.name))
            continue
        value: Any = getattr(message, field.name)
        if field.message_type is not None:
            value = [
                _Line({f.name: v for f, v in each.ListFields()})
                if isinstance(each, Subject)
                else _plain(each)
                for each in value
            ]
        elif is_repeated(field):
            value = _Row(value) if field.name == "finish" else list(value)
        content[field.name] = value
    return content

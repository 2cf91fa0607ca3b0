"""Storyboards as YAML that a person edits, and back with the line of every fault."""

from __future__ import annotations

import difflib
import json
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import yaml
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from songreel.prompt.v1.storyboard_pb2 import Storyboard, Subject
from songreel_kit.errors import InvalidStoryboard

from songreel_prompt.storyboard.review import Path
from songreel_prompt.wording.vocabulary import ACTIONS, FACINGS, KINDS

MEDIA_TYPE: Final = "application/yaml"
MAX_CHARACTERS: Final = 8_000_000

_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):([0-5]?\d(?:\.\d*)?)")
_LINE_WIDTH: Final = 100
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_HEAD: Final = frozenset({"title", "style", "look", "finish"})
"""What a storyboard begins with."""
_TIMES: Final = frozenset({"start", "end"})
"""Numbers that are seconds."""
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
    root = _compose(text, name)
    reader = _Reader(name)
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
        if field.message_type is not None and not _repeated(field):
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
        elif _repeated(field):
            value = _Row(value) if field.name == "finish" else list(value)
        content[field.name] = value
    return content


def _repeated(field: FieldDescriptor) -> bool:
    return bool(cast("Any", field).is_repeated)


def _compose(text: str, name: str) -> yaml.Node:
    if len(text) > MAX_CHARACTERS:
        raise InvalidStoryboard(f"{name}: is longer than {MAX_CHARACTERS} characters")
    if text.lstrip().startswith("{"):
        text = _json_as_yaml(text)
    try:
        root = cast("yaml.Node | None", yaml.compose(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, text.count("\n")) + 1 if mark else 1
        raise InvalidStoryboard(
            f"{name}:{line}: this is not YAML: {error.problem or error.context}; check the "
            "indentation and put texts with ':' or '#' into quotes"
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else "nested too deep"
        raise InvalidStoryboard(f"{name}:1: this is not YAML: {first_line}") from error
    if root is None:
        raise InvalidStoryboard(f"{name}:1: the document is empty; a storyboard needs scenes")
    return root


def _json_as_yaml(text: str) -> str:
    """JSON is YAML but for tabs between tokens and escaped surrogate pairs."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text  # flow YAML, or broken: the YAML reader says where

    def joined(match: re.Match[str]) -> str:
        pair = bytes.fromhex(match.group(1) + match.group(2))
        return pair.decode("utf-16-be")

    return _SURROGATES.sub(joined, text.replace("\t", " "))


class _Reader:
    """Fills messages from YAML nodes and remembers the lines."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.lines: dict[Path, int] = {}

    def fail(self, line: int, message: str) -> None:
        raise InvalidStoryboard(f"{self._name}:{line}: {message}")

    def read_message(self, node: yaml.Node, message: Message, path: Path) -> None:
        line = _line(node)
        self.lines[path] = line
        named = bool(path) and isinstance(path[-1], str)
        what = str(path[-1]) if named else f"a {message.DESCRIPTOR.name.lower()}"
        if not isinstance(node, yaml.MappingNode):
            what = what if path else "the document"
            self.fail(line, f"{what} must be a list of 'name: value' lines")
            return
        fields = cast("Mapping[str, FieldDescriptor]", message.DESCRIPTOR.fields_by_name)
        pairs = cast("list[tuple[yaml.Node, yaml.Node]]", node.value)
        for key_node, value_node in pairs:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if key not in fields:
                self.fail(_line(key_node), _unknown(key, list(fields)))
            here: Path = (*path, key)
            if here in self.lines:
                self.fail(_line(key_node), f"{key} is given twice; keep one")
            self.lines[here] = _line(key_node)
            self._read_field(value_node, fields[key], message, here)

    def _read_field(
        self, node: yaml.Node, field: FieldDescriptor, message: Message, path: Path
    ) -> None:
        if _is_null(node):
            return  # `treatment:` with nothing behind it is what it is without
        if not _repeated(field):
            if field.message_type is not None:
                self.read_message(node, getattr(message, field.name), path)
            else:
                setattr(message, field.name, self._scalar(node, field))
            return
        if not isinstance(node, yaml.SequenceNode):
            self.fail(_line(node), f"{field.name} must be a list, one '- ' line for each")
            return
        values = getattr(message, field.name)
        for index, item in enumerate(cast("list[yaml.Node]", node.value)):
            if field.message_type is not None:
                self.read_message(item, values.add(), (*path, index))
            else:
                self.lines[*path, index] = _line(item)
                values.append(self._scalar(item, field))

    def _scalar(self, node: yaml.Node, field: FieldDescriptor) -> Any:
        line = _line(node)
        if not isinstance(node, yaml.ScalarNode):
            self.fail(line, f"{field.name} must be a single value")
        text = str(node.value).strip()
        kind = field.cpp_type
        if kind == FieldDescriptor.CPPTYPE_STRING:
            return _clean(text)  # as written: `title: 1999` and `title: Yes` are texts
        if kind == FieldDescriptor.CPPTYPE_BOOL:
            if text.lower() in {"true", "yes", "on", "false", "no", "off"}:
                return text.lower() in {"true", "yes", "on"}
            self.fail(line, f"{field.name} is {text!r}; it must be true or false")
        if kind == FieldDescriptor.CPPTYPE_DOUBLE:
            times = field.name in _TIMES
            return (self._seconds if times else self._number)(text, field.name, line)
        try:
            value = int(text.replace("_", ""))
        except ValueError:
            value = -1
        if not 0 <= value < 2**63:
            self.fail(line, f"{field.name} is {text!r}; it must be a whole number, 0 or more")
        return value

    def _seconds(self, text: str, field: str, line: int) -> float:
        clock = _CLOCK.fullmatch(text)
        if clock:
            hours, minutes, seconds = clock.groups()
            return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
        try:
            return float(text)
        except ValueError:
            self.fail(line, f"{field} is {text!r}; it must be seconds (83.5) or minutes (1:23.5)")
            raise

    def _number(self, text: str, field: str, line: int) -> float:
        try:
            return float(text)
        except ValueError:
            self.fail(line, f"{field} is {text!r}; it must be a number, such as 0.5")
            raise


def _line(node: yaml.Node) -> int:
    return cast("int", node.start_mark.line) + 1


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _clean(text: str) -> str:
    """Lone surrogates, which no UTF-8 can hold, become the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unknown(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
    return f"there is no field {key!r}; {hint}"

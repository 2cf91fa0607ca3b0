"""Protocol messages from YAML, every fault with its line."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn, cast

import yaml
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from songreel_kit.errors import InvalidStoryboard

from songreel_prompt.storyboard.review import Path

MAX_CHARACTERS: Final = 8_000_000

_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):([0-5]?\d(?:\.\d*)?)")
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TIMES: Final = frozenset({"start", "end"})
"""Numbers that are seconds."""


def compose(text: str, name: str) -> yaml.Node:
    """The nodes of a document in YAML or JSON; raises `InvalidStoryboard`."""
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


class Reader:
    """Fills messages from YAML nodes and remembers the lines."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.lines: dict[Path, int] = {}

    def fail(self, line: int, message: str) -> NoReturn:
        """Says what is wrong in a line."""
        raise InvalidStoryboard(f"{self._name}:{line}: {message}")

    def read_message(self, node: yaml.Node, message: Message, path: Path) -> None:
        """Fills the message from the node found at `path`."""
        line = _line(node)
        self.lines[path] = line
        named = bool(path) and isinstance(path[-1], str)
        what = str(path[-1]) if named else f"a {message.DESCRIPTOR.name.lower()}"
        if not isinstance(node, yaml.MappingNode):
            what = what if path else "the document"
            self.fail(line, f"{what} must be a list of 'name: value' lines")
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
        if not is_repeated(field):
            if field.message_type is not None:
                self.read_message(node, getattr(message, field.name), path)
            else:
                setattr(message, field.name, self._scalar(node, field))
            return
        if not isinstance(node, yaml.SequenceNode):
            self.fail(_line(node), f"{field.name} must be a list, one '- ' line for each")
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

    def _number(self, text: str, field: str, line: int) -> float:
        try:
            return float(text)
        except ValueError:
            self.fail(line, f"{field} is {text!r}; it must be a number, such as 0.5")


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


def is_repeated(field: FieldDescriptor) -> bool:
    """Whether it is a list."""
    return bool(cast("Any", field).is_repeated)

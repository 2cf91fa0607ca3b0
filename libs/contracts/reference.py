"""Writes the reference in `docs/api` from the comments of `protos/`, and the list of errors.

`--check` writes nothing and exits 1 when the committed pages are not what the protos give.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import grpc_tools
from generate import PROTOS, ROOT, google_include, link_longrunning
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)
from songreel_kit.errors.tree import BY_REASON, SongreelError

FOLDER = ROOT / "docs" / "api"

PUBLIC = "songreel.v1"

_MADE = "<!-- Made by libs/contracts/reference.py from the protos: change those. -->\n"

_OTHERS = "types.md"

# Numbers of fields in descriptor.proto, of which a comment's path is made.
_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6
_FIELDS, _NESTED, _NESTED_ENUMS = 2, 3, 4

_SCALARS = {
    number: name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()
}

Path_ = tuple[int, ...]


@dataclass(frozen=True)
class Comments:
    """The comments of one file, by the path of what they stand before."""

    of: dict[Path_, str]

    def text(self, path: Path_, *, line: bool = False) -> str:
        """As Markdown; with `line` on one line, for a table."""
        found = self.of.get(path, "").strip()
        lines = [each.removeprefix(" ").rstrip() for each in found.split("\n")]
        return " ".join(lines).replace("|", "\\|") if line else "\n".join(lines)


@dataclass(frozen=True)
class Type:
    """A message or an enum, and where it is written down."""

    name: str
    """Full."""
    message: DescriptorProto | EnumDescriptorProto
    path: Path_
    comments: Comments
    package: str
    page: str
    """File name."""

    @property
    def heading(self) -> str:
        """Its name on the page."""
        return self.name.removeprefix(f"{PUBLIC}.")

    @property
    def link(self) -> str:
        """To be used in any page."""
        anchor = self.heading.lower().replace(".", "")
        return f"[{self.heading.removeprefix('songreel.')}]({self.page}#{anchor})"


def descriptors() -> FileDescriptorSet:
    """All of `protos/` with its comments."""
    include = google_include()
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as scratch:
        link_longrunning(include, Path(scratch))
        out = Path(scratch) / "all.binpb"
        files = sorted(str(p.relative_to(PROTOS)) for p in PROTOS.rglob("*.proto"))
        folders = [f"-I{each}" for each in (PROTOS, scratch, include, well_known)]
        options = ["--include_source_info", f"--descriptor_set_out={out}"]
        program = [sys.executable, "-m", "grpc_tools.protoc"]
        subprocess.run([*program, *folders, *options, *files], check=True)
        return FileDescriptorSet.FromString(out.read_bytes())


def pages() -> dict[str, str]:
    """File name -> text of every page."""
    files = list(descriptors().file)
    types = {each.name: each for file in files for each in _types(file)}
    made: dict[str, str] = {}
    used: set[str] = set()
    for each in types.values():
        if each.package == PUBLIC:
            used |= _reached(each.name, types)
    for file in files:
        if file.package == PUBLIC and file.service:
            made[_page(file)] = _service_page(file, types)
    for page in {types[name].page for name in used}:
        on_page = [
            each
            for each in types.values()
            if each.page == page and each.name in used and _map_entry(each) is None
        ]
        head = made.get(page, f"{_MADE}# Types of the stages\n\nWhat requests hand on to them.\n")
        made[page] = head + "".join(_type_section(each, types) for each in on_page)
    made["errors.md"] = _errors_page()
    return made


def _page(file: FileDescriptorProto) -> str:
    stem = Path(file.name).stem.removesuffix("_service")
    return f"{stem}.md" if file.package == PUBLIC else _OTHERS


def _comments(file: FileDescriptorProto) -> Comments:
    return Comments(
        {
            tuple(each.path): each.leading_comments or each.trailing_comments
            for each in file.source_code_info.location
        }
    )


def _types(file: FileDescriptorProto) -> Iterator[Type]:
    comments, package = _comments(file), file.package

    def within(message: DescriptorProto, path: Path_, name: str) -> Iterator[Type]:
        yield Type(name, message, path, comments, package, _page(file))
        for number, enum in enumerate(message.enum_type):
            inner = (*path, _NESTED_ENUMS, number)
            yield Type(f"{name}.{enum.name}", enum, inner, comments, package, _page(file))
        for number, nested in enumerate(message.nested_type):
            yield from within(nested, (*path, _NESTED, number), f"{name}.{nested.name}")

    for number, message in enumerate(file.message_type):
        yield from within(message, (_MESSAGES, number), f"{package}.{message.name}")
    for number, enum in enumerate(file.enum_type):
        name = f"{package}.{enum.name}"
        yield Type(name, enum, (_ENUMS, number), comments, package, _page(file))


def _reached(name: str, types: dict[str, Type]) -> set[str]:
    """The type and all that it is made of, of ours."""
    found: set[str] = set()
    todo = [name]
    while todo:
        each = types.get(todo.pop())
        if each is None or each.name in found:
            continue
        found.add(each.name)
        if isinstance(each.message, DescriptorProto):
            todo += [field.type_name[1:] for field in each.message.field if field.type_name]
    return found


def _service_page(file: FileDescriptorProto, types: dict[str, Type]) -> str:
    comments = _comments(file)
    text = _MADE
    for number, service in enumerate(file.service):
        text += f"# {service.name}\n\n`{PUBLIC}.{service.name}`\n\n"
        text += f"{comments.text((_SERVICES, number))}\n\n"
        text += _methods(service, number, comments, types)
    return text


def _methods(
    service: ServiceDescriptorProto, number: int, comments: Comments, types: dict[str, Type]
) -> str:
    rows = ["| method | request | answer | |", "|---|---|---|---|"]
    for index, method in enumerate(service.method):
        asked = _shown(method.input_type, types)
        answered = _shown(method.output_type, types)
        rows.append(
            f"| `{method.name}` "
            f"| {'stream of ' if method.client_streaming else ''}{asked} "
            f"| {'stream of ' if method.server_streaming else ''}{answered} "
            f"| {comments.text((_SERVICES, number, 2, index), line=True)} |"
        )
    return "\n".join(rows) + "\n"


def _shown(type_name: str, types: dict[str, Type]) -> str:
    found = types.get(type_name[1:])
    return f"`{type_name[1:]}`" if found is None else found.link


def _type_section(each: Type, types: dict[str, Type]) -> str:
    text = f"\n## {each.heading}\n\n"
    about = each.comments.text(each.path)
    text += f"{about}\n\n" if about else ""
    if isinstance(each.message, EnumDescriptorProto):
        rows = ["| value | number | |", "|---|---|---|"]
        for index, value in enumerate(each.message.value):
            said = each.comments.text((*each.path, 2, index), line=True)
            rows.append(f"| `{value.name}` | {value.number} | {said} |")
        return text + "\n".join(rows) + "\n"
    if not each.message.field:
        return text + "No fields.\n"
    rows = ["| field | type | |", "|---|---|---|"]
    for index, field in enumerate(each.message.field):
        said = each.comments.text((*each.path, _FIELDS, index), line=True)
        rows.append(f"| `{field.name}` | {_field_type(each.message, field, types)} | {said} |")
    return text + "\n".join(rows) + "\n"


def _field_type(
    message: DescriptorProto, field: FieldDescriptorProto, types: dict[str, Type]
) -> str:
    named = bool(field.type_name)
    shown = _shown(field.type_name, types) if named else _SCALARS[field.type]
    entry = _map_entry(types.get(field.type_name[1:])) if named else None
    if entry is not None:
        key, value = entry.field
        inner = _shown(value.type_name, types) if value.type_name else _SCALARS[value.type]
        return f"map of {_SCALARS[key.type]} to {inner}"
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {shown}"
    if field.proto3_optional:
        return f"optional {shown}"
    if field.HasField("oneof_index"):
        return f"{shown}, one of `{message.oneof_decl[field.oneof_index].name}`"
    return shown


def _map_entry(found: Type | None) -> DescriptorProto | None:
    """The message of key and value that protoc makes of a map field."""
    message = None if found is None else found.message
    if isinstance(message, DescriptorProto) and message.options.map_entry:
        return message
    return None


def _errors_page() -> str:
    text = (
        f"{_MADE}# Errors\n\nEvery error is a `google.rpc.Status` with one "
        "`google.rpc.ErrorInfo` (AIP-193): its domain is `songreel`, its reason one of these; "
        "with `RetryInfo` where it is worth asking again. `songreel_kit.errors` has a class "
        "for each.\n\n| reason | code | |\n|---|---|---|\n"
    )
    rows: list[str] = []
    for reason, error in BY_REASON.items():
        about = (error.__doc__ or "").strip().split("\n\n")[0]
        rows.append(f"| `{reason}` | {_code(error)} | {' '.join(about.split())} |\n")
    return text + "".join(rows)


def _code(error: type[SongreelError]) -> str:
    return cast("Any", error.code).name


def main() -> None:
    """Writes the pages, or exits 1 naming the stale ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = pages()
    if not arguments.check:
        for name, text in made.items():
            (FOLDER / name).write_text(text)
        return
    stale = [
        name
        for name, text in made.items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text() != text
    ]
    if stale:
        raise SystemExit(f"stale pages in docs/api, run `make protos`: {', '.join(stale)}")


if __name__ == "__main__":
    main()

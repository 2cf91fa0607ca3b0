"""Rules of the contracts that no linter knows."""

from importlib import import_module
from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor, FileDescriptor, MethodDescriptor

PROTOS = Path(__file__).resolve().parents[2] / "protos"
FILES = sorted(PROTOS.rglob("*.proto"))


def descriptor(path: Path) -> FileDescriptor:
    name = str(path.relative_to(PROTOS).with_suffix("")).replace("/", ".") + "_pb2"
    return import_module(name).DESCRIPTOR


def methods() -> list[MethodDescriptor]:
    return [
        method
        for path in FILES
        for service in descriptor(path).services_by_name.values()
        for method in service.methods
    ]


@pytest.mark.parametrize("method", methods(), ids=lambda m: m.full_name)
def test_no_message_but_a_chunk_carries_media(method: MethodDescriptor) -> None:
    # Between services travel references. Bytes are chunks of the public upload
    # and download, and camera frames, which are a stream by nature; a key is no media. What is
    # of a person goes past the store, which is not encrypted: pictures to be measured, of which
    # nothing is kept, and adapters, which are in memory only.
    allowed = {
        "songreel.v1.UploadMediaRequest.chunk",
        "songreel.v1.DownloadMediaResponse.chunk",
        "songreel.identity.v1.CameraFrame.jpeg",
        "songreel.identity.v1.GetGrantKeyResponse.public_key",
        "songreel.identity.v1.MeasureLikenessRequest.picture",
        "songreel.v1.MeasureLikenessRequest.picture",
        "songreel.identity.v1.Impostor.picture",
        "songreel.identity.v1.OpenAdapterResponse.chunk",
        "songreel.identity.v1.OpenAdapterResponse.service_key",
        "songreel.identity.v1.RedeemGrantRequest.renderer_key",
    }
    todo, seen = [method.input_type, method.output_type], set()
    while todo:
        message = todo.pop()
        if message.full_name in seen:
            continue
        seen.add(message.full_name)
        for field in message.fields:
            if field.message_type is not None and message.full_name.startswith("songreel"):
                todo.append(field.message_type)
            if field.type == FieldDescriptor.TYPE_BYTES and message.full_name.startswith(
                "songreel"
            ):
                assert field.full_name in allowed


@pytest.mark.parametrize(
    "method",
    [m for m in methods() if m.full_name.startswith("songreel.v1.")],
    ids=lambda m: m.full_name,
)
def test_public_methods_follow_the_aips(method: MethodDescriptor) -> None:
    fields = method.input_type.fields_by_name
    if method.name.startswith("List"):
        assert {"parent", "page_size", "page_token"} <= set(fields)
        assert "next_page_token" in method.output_type.fields_by_name
    if method.output_type.full_name == "google.longrunning.Operation":
        assert {"parent", "request_id"} <= set(fields)
    if method.name.startswith(("Get", "Watch", "Download")):
        assert "name" in fields

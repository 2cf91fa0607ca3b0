"""The pages of the API say what is so."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.longrunning import operations_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from songreel.v1 import (
    access_service_pb2,
    identity_service_pb2,
    media_service_pb2,
    video_service_pb2,
)
from songreel_kit.errors import from_status
from songreel_kit.errors.base import BY_REASON

PAGES = Path(__file__).resolve().parents[2] / "docs" / "api"
CALL = re.compile(
    r"```sh\ngrpcurl [^\n]* \$HOST (\S+)/(\w+) <<'JSON'\n(.*?)\nJSON\n```"
    r"(?:\n\n```json\n(.*?)\n```)?",
    re.DOTALL,
)
SERVICES = {
    service.full_name: service
    for module in (
        access_service_pb2,
        identity_service_pb2,
        media_service_pb2,
        video_service_pb2,
        operations_pb2,
    )
    for service in module.DESCRIPTOR.services_by_name.values()
}
CALLS = CALL.findall((PAGES / "calls.md").read_text())


def read(text: str, message: type[Message]) -> Iterator[Message]:
    """One message after the other, as grpcurl reads and writes them."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        found, end = decoder.raw_decode(text, at)
        yield ParseDict(found, message())
        at = end + len(text[end:]) - len(text[end:].lstrip())


@pytest.mark.parametrize(
    ("service", "name", "asked", "answered"), CALLS, ids=lambda part: part[:40]
)
def test_a_call_is_what_the_protos_say(service: str, name: str, asked: str, answered: str) -> None:
    method: MethodDescriptor = SERVICES[service].methods_by_name[name]
    requests = list(read(asked, GetMessageClass(method.input_type)))
    answers = list(read(answered, GetMessageClass(method.output_type)))
    assert len(requests) == 1 or method.client_streaming
    assert len(answers) == 1 or method.server_streaming
    if "request_id" in method.input_type.fields_by_name:
        assert all(request.request_id for request in requests)


def test_every_call_is_shown() -> None:
    shown = {f"{service}.{name}" for service, name, _, _ in CALLS}
    assert shown == {
        method.full_name for service in SERVICES.values() for method in service.methods
    }


def test_the_error_is_one_of_ours() -> None:
    text = (PAGES / "calls.md").read_text().rpartition("```json\n")[2].removesuffix("```\n")
    error = from_status(ParseDict(json.loads(text), status_pb2.Status()))
    assert error_details_pb2.ErrorInfo.DESCRIPTOR.full_name in text
    assert type(error) is BY_REASON["MEDIA_NOT_FOUND"]
    assert error.metadata["name"] in error.message


def test_links_lead_somewhere() -> None:
    headings = {
        page.name: {
            re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-")
            for line in page.read_text().splitlines()
            if line.startswith("#")
        }
        for page in PAGES.glob("*.md")
    }
    for page in PAGES.glob("*.md"):
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
            file, _, anchor = target.partition("#")
            assert (PAGES / file).exists(), f"{page.name}: {target}"
            assert not anchor or anchor in headings[file], f"{page.name}: {target}"

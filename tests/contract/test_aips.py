"""Google's API rules (AIPs), held against the descriptors of the public services."""

import pytest
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from songreel.v1 import (
    access_service_pb2,
    identity_service_pb2,
    media_service_pb2,
    video_service_pb2,
)

MODULES = (access_service_pb2, identity_service_pb2, media_service_pb2, video_service_pb2)
METHODS = [
    method
    for module in MODULES
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]
READS = ("Get", "List", "Watch", "Download")
# Mutations without a request id, and what they have instead.
INSTEAD = {
    "songreel.v1.AccessService.ExchangeKey": "nothing is kept of it",
    "songreel.v1.IdentityService.Enroll": "a nonce that is good once",
    "songreel.v1.IdentityService.MeasureLikeness": "nothing is kept of it",
}


def all_fields(message: Descriptor) -> set[str]:
    """Names of a request's fields, those of a stream's parts too."""
    parts = [oneof.fields for oneof in message.oneofs]
    inner = [field.message_type for part in parts for field in part if field.message_type]
    return {field.name for each in (message, *inner) for field in each.fields}


def of_kind(*verbs: str) -> list[MethodDescriptor]:
    return [method for method in METHODS if method.name.startswith(verbs)]


@pytest.mark.parametrize(
    "method", [m for m in METHODS if not m.name.startswith(READS)], ids=lambda m: m.full_name
)
def test_every_mutation_has_a_request_id(method: MethodDescriptor) -> None:
    has = "request_id" in all_fields(method.input_type)
    assert has != (method.full_name in INSTEAD)


@pytest.mark.parametrize("method", of_kind("List"), ids=lambda m: m.full_name)
def test_every_list_has_pages(method: MethodDescriptor) -> None:
    asked, answered = method.input_type.fields_by_name, method.output_type.fields_by_name
    assert {"parent", "page_size", "page_token"} <= set(asked)
    assert asked["page_size"].type == asked["page_size"].TYPE_INT32
    assert asked["page_token"].type == asked["page_token"].TYPE_STRING
    assert answered["next_page_token"].type == asked["page_token"].TYPE_STRING
    assert sum(field.is_repeated for field in answered.values()) == 1


def test_videos_can_be_filtered_and_checked_before_they_are_made() -> None:
    assert "filter" in video_service_pb2.ListVideosRequest.DESCRIPTOR.fields_by_name
    assert "validate_only" in video_service_pb2.CreateVideoRequest.DESCRIPTOR.fields_by_name


def test_what_is_updated_is_updated_by_a_mask() -> None:
    # None so far: what is stored is immutable and named by its hash.
    for method in of_kind("Update"):
        assert "update_mask" in method.input_type.fields_by_name
        (resource,) = (
            field.message_type
            for field in method.input_type.fields
            if field.message_type and field.name != "update_mask"
        )
        assert "etag" in resource.fields_by_name


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.full_name)
def test_messages_are_named_after_their_method(method: MethodDescriptor) -> None:
    assert method.input_type.name == f"{method.name}Request"
    long = method.output_type.full_name == "google.longrunning.Operation"
    assert long or method.output_type.name == f"{method.name}Response"

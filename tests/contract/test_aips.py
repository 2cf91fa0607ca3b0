"""Google's API rules (AIPs), held against the descriptors of all public services."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

PROTOS = Path(__file__).resolve().parents[2] / "protos"
SERVICES = [
    service
    for path in sorted(PROTOS.glob("songreel/v1/*_service.proto"))
    for service in import_module(
        f"songreel.v1.{path.stem}_pb2"
    ).DESCRIPTOR.services_by_name.values()
]
METHODS = [method for service in SERVICES for method in service.methods]

READS = ("Get", "List", "Watch", "Download")
# Mutations without a request id, and what they have instead.
INSTEAD = {
    "songreel.v1.AccessService.ExchangeKey": "nothing is kept of it",
    "songreel.v1.IdentityService.Enroll": "a nonce that is good once",
    "songreel.v1.IdentityService.MeasureLikeness": "nothing is kept of it",
}
# Answers that are no resource with a name.
NAMELESS = {
    "songreel.v1.IdentityService.GetConsentText": "a text with a version",
    "songreel.v1.MediaService.GetDownloadUrl": "good for a while only",
}
# Resources that are read in part (AIP-157), and those with an etag (AIP-154).
PLURALS = {"Media": "Media"}
PARTIAL = {"songreel.v1.Video", "songreel.v1.Storyboard"}
EDITED = {"songreel.v1.Storyboard"}
VALIDATED = {"CreateScore", "CreateVideo", "UpdateStoryboard"}

MASK, TIME = "google.protobuf.FieldMask", "google.protobuf.Timestamp"
OPERATION = "google.longrunning.Operation"


def all_fields(message: Descriptor) -> set[str]:
    """Names of a request's fields, those of a stream's parts too."""
    parts = [oneof.fields for oneof in message.oneofs]
    inner = [field.message_type for part in parts for field in part if field.message_type]
    return {field.name for each in (message, *inner) for field in each.fields}


def of_kind(*verbs: str) -> list[MethodDescriptor]:
    return [method for method in METHODS if method.name.startswith(verbs)]


def mutations() -> list[MethodDescriptor]:
    return [method for method in METHODS if not method.name.startswith(READS)]


def reads() -> list[tuple[MethodDescriptor, Descriptor]]:
    """Gets and lists, and the resource that each gives."""
    return [
        (method, resource_of(method))
        for method in of_kind("Get", "List")
        if method.full_name not in NAMELESS
    ]


def resource_of(method: MethodDescriptor) -> Descriptor:
    (found,) = (field.message_type for field in method.output_type.fields if field.message_type)
    return found


def is_text(field: FieldDescriptor) -> bool:
    return field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated


def is_of(field: FieldDescriptor, kind: str) -> bool:
    return field.message_type is not None and field.message_type.full_name == kind


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def messages() -> Iterator[Descriptor]:
    """All that the public API is made of, of our own."""
    todo = [each for method in METHODS for each in (method.input_type, method.output_type)]
    seen: set[str] = set()
    while todo:
        message = todo.pop()
        if message.full_name in seen or not message.full_name.startswith("songreel.v1."):
            continue
        seen.add(message.full_name)
        yield message
        todo += [field.message_type for field in message.fields if field.message_type]


def name_of(method: object) -> str:
    return getattr(method, "full_name", "")


def test_every_service_is_looked_at() -> None:
    assert {service.name for service in SERVICES} == {
        "AccessService",
        "IdentityService",
        "MediaService",
        "VideoService",
    }
    for exceptions in (INSTEAD, NAMELESS):
        assert set(exceptions) <= {method.full_name for method in METHODS}


@pytest.mark.parametrize("method", mutations(), ids=name_of)
def test_every_mutation_has_a_request_id(method: MethodDescriptor) -> None:
    """AIP-155."""
    has = "request_id" in all_fields(method.input_type)
    assert has != (method.full_name in INSTEAD)


@pytest.mark.parametrize(("method", "resource"), reads(), ids=name_of)
def test_reads_are_standard_methods(method: MethodDescriptor, resource: Descriptor) -> None:
    """AIP-131 and 132: by a name, or of a parent; what is given has its name."""
    asked, answered = method.input_type.fields_by_name, method.output_type.fields_by_name
    assert is_text(resource.fields_by_name["name"])
    if method.name.startswith("Get"):
        assert method.name == f"Get{resource.name}"
        assert is_text(asked["name"])
        assert set(answered) == {snake(resource.name)}
    else:
        plural = PLURALS.get(resource.name) or re.sub("y$", "ie", resource.name) + "s"
        assert method.name == f"List{plural}"
        assert is_text(asked["parent"])
        assert set(answered) == {snake(plural), "next_page_token"}
        assert answered[snake(plural)].is_repeated


@pytest.mark.parametrize("method", of_kind("List"), ids=name_of)
def test_every_list_has_pages(method: MethodDescriptor) -> None:
    """AIP-158."""
    asked, answered = method.input_type.fields_by_name, method.output_type.fields_by_name
    assert asked["page_size"].type == FieldDescriptor.TYPE_INT32
    assert is_text(asked["page_token"])
    assert is_text(answered["next_page_token"])


@pytest.mark.parametrize(("method", "resource"), reads(), ids=name_of)
def test_what_is_large_can_be_read_in_part(method: MethodDescriptor, resource: Descriptor) -> None:
    """AIP-157."""
    asked = method.input_type.fields_by_name
    assert ("read_mask" in asked) == (resource.full_name in PARTIAL)
    if "read_mask" in asked:
        assert is_of(asked["read_mask"], MASK)


@pytest.mark.parametrize("method", of_kind("Update"), ids=name_of)
def test_what_is_updated_is_updated_by_a_mask(method: MethodDescriptor) -> None:
    """AIP-134 and 154: the resource with its name and etag, the mask, and the resource back."""
    asked = method.input_type.fields_by_name
    resource = resource_of(method)
    assert method.name == f"Update{resource.name}"
    assert asked[snake(resource.name)].message_type == resource
    assert is_of(asked["update_mask"], MASK)
    assert "name" not in asked
    assert resource.full_name in EDITED


@pytest.mark.parametrize("method", of_kind("Delete"), ids=name_of)
def test_what_is_deleted_is_named(method: MethodDescriptor) -> None:
    """AIP-135 and 154."""
    asked = method.input_type.fields_by_name
    assert is_text(asked["name"])
    edited = f"songreel.v1.{method.name.removeprefix('Delete')}" in EDITED
    assert ("etag" in asked) == edited


@pytest.mark.parametrize("method", of_kind("Create"), ids=name_of)
def test_what_is_created_is_created_below_a_parent(method: MethodDescriptor) -> None:
    """AIP-133 and 151."""
    asked = method.input_type.fields_by_name
    assert is_text(asked["parent"])
    assert method.output_type.full_name == OPERATION


@pytest.mark.parametrize("method", METHODS, ids=name_of)
def test_masks_etags_and_dry_runs_are_where_they_are_said_to_be(method: MethodDescriptor) -> None:
    """AIP-163, and nothing of the kind that the other tests do not know."""
    asked = method.input_type.fields_by_name
    assert ("validate_only" in asked) == (method.name in VALIDATED)
    if "validate_only" in asked:
        assert asked["validate_only"].type == FieldDescriptor.TYPE_BOOL
    assert ("update_mask" in asked) == method.name.startswith("Update")
    assert ("read_mask" in asked) <= method.name.startswith(("Get", "List"))
    for name in asked:
        assert not name.endswith("_mask") or name in ("read_mask", "update_mask")


def test_etags_are_where_they_are_said_to_be() -> None:
    for message in messages():
        etag = message.fields_by_name.get("etag")
        request = message.name in {f"Delete{name.rpartition('.')[2]}Request" for name in EDITED}
        assert (etag is not None) == (message.full_name in EDITED or request), message.full_name
        assert etag is None or is_text(etag)


def test_fields_are_named_after_what_they_hold() -> None:
    """AIP-140, 142 and 148: times by their type and ending, names and ids as texts."""
    for message in messages():
        for field in message.fields:
            if field.name.endswith("_time") or is_of(field, TIME):
                assert is_of(field, TIME), field.full_name
                assert field.name == "time" or field.name.endswith("_time"), field.full_name
            if field.name in ("name", "parent", "display_name", "request_id", "filter"):
                assert is_text(field), field.full_name
            assert not field.name.startswith("is_"), field.full_name
            assert field.name == snake(field.name), field.full_name


def test_enums_begin_with_what_is_not_said() -> None:
    """AIP-126."""
    for message in messages():
        for enum in message.enum_types:
            assert enum.values_by_number[0].name == f"{snake(enum.name).upper()}_UNSPECIFIED"


def test_videos_can_be_filtered() -> None:
    """AIP-160."""
    (listing,) = (method for method in METHODS if method.name == "ListVideos")
    assert "filter" in listing.input_type.fields_by_name


@pytest.mark.parametrize("method", METHODS, ids=name_of)
def test_messages_are_named_after_their_method(method: MethodDescriptor) -> None:
    assert method.input_type.name == f"{method.name}Request"
    long = method.output_type.full_name == OPERATION
    assert long or method.output_type.name == f"{method.name}Response"

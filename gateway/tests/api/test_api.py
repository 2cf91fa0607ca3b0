"""What every method of the public API keeps to, asked of a gateway with all its services."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.longrunning import operations_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from songreel.v1 import (
    access_service_pb2,
    identity_service_pb2,
    media_service_pb2,
    video_service_pb2,
)
from songreel.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.v1.video_pb2 import Video
from songreel_gateway.api.filters import video_state
from songreel_gateway.api.pagination import requested_page
from songreel_gateway.db.schema import open_database
from songreel_gateway.db.tables import videos as videos_table
from songreel_gateway.videos import repository
from songreel_gateway.videos.repository import VideoRepository
from songreel_identity.service import create_service
from songreel_identity.settings import IdentitySettings
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import InvalidRequest, RequestIdReused
from songreel_testing.gateway.local_gateway import PARENT, local_gateway
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODULES = (
    access_service_pb2,
    identity_service_pb2,
    media_service_pb2,
    video_service_pb2,
    operations_pb2,
)
METHODS = [
    method
    for module in MODULES
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]
ANN, BOB = f"{PARENT}/identities/ann", f"{PARENT}/identities/bob"


class Blind:
    """A tracker that is never asked: nobody comes before the camera here."""

    def read(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("nobody is here")

    def close(self) -> None:
        pass


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    identity = create_service(
        IdentitySettings(database=f"sqlite:///{folder / 'vault.db'}", keys=folder / "keys"),
        new_tracker=Blind,
    )
    async with local_gateway(folder, also=[identity], poll_seconds=60) as local:
        yield local


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def channel(house):
    async with open_channel(house.address) as channel:
        yield channel


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)
async def test_every_error_says_what_it_is(channel, method: MethodDescriptor) -> None:
    asked = GetMessageClass(method.input_type)()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await called(channel, method, asked)
    sent = dict(caught.value.trailing_metadata())
    status = Status.FromString(sent["grpc-status-details-bin"])
    infos = [detail for detail in status.details if detail.Is(ErrorInfo.DESCRIPTOR)]
    assert len(infos) == 1
    info = ErrorInfo.FromString(infos[0].value)
    assert info.domain == "songreel"
    assert info.reason not in ("", "INTERNAL_ERROR", "UNKNOWN")
    assert len(status.message) > 10
    assert status.message == caught.value.details()


async def test_reflection_tells_all_that_is_served(house) -> None:
    def ask() -> tuple[set[str], set[str]]:
        with grpc.insecure_channel(house.address) as channel:
            reflected = ProtoReflectionDescriptorDatabase(channel)
            names = {name for name in reflected.get_services() if not name.startswith("grpc.")}
            pool = DescriptorPool(reflected)  # whatever it knows came over the wire
            found = [pool.FindServiceByName(name) for name in names]
            return names, {method.full_name for each in found for method in each.methods}

    names, methods = await asyncio.to_thread(ask)
    assert {"songreel.v1.VideoService", "google.longrunning.Operations"} <= names
    assert {method.full_name for method in METHODS} <= methods


async def test_a_consents_request_id_belongs_to_its_content(channel) -> None:
    stub: Any = IdentityServiceStub(channel)
    public = identity_service_pb2
    text = await stub.GetConsentText(public.GetConsentTextRequest(name=f"{PARENT}/consentText"))
    agreed = {"version": text.version, "text_sha256": text.sha256}
    # (method, request, the same for another person); the last two end an identity.
    for name, fields in (
        ("RecordConsent", agreed),
        ("OpenEnrollment", {}),
        ("WithdrawConsent", {}),
        ("EraseIdentity", {}),
    ):
        method, kind = getattr(stub, name), getattr(public, f"{name}Request")
        first = await method(kind(name=ANN, request_id="one", **fields))
        assert await method(kind(name=ANN, request_id="one", **fields)) == first
        with expect_error(RequestIdReused):
            await method(kind(name=BOB, request_id="one", **fields))
    with expect_error(InvalidRequest):
        await stub.WithdrawConsent(public.WithdrawConsentRequest(name=ANN, request_id="x" * 200))
    # Ids are each project's own.
    other = "projects/other/identities/ann"
    await stub.RecordConsent(public.RecordConsentRequest(name=other, request_id="one", **agreed))


async def test_the_stages_request_ids_belong_to_their_content(house) -> None:
    songs = [await house.client.upload(text) for text in (b"one song", b"another song")]
    analyze = video_service_pb2.AnalyzeSongRequest
    requests = [analyze(parent=PARENT, song=song.name, request_id="one") for song in songs]
    first = await house.client.videos.AnalyzeSong(requests[0])
    assert (await house.client.videos.AnalyzeSong(requests[0])).name == first.name
    with expect_error(RequestIdReused):
        await house.client.videos.AnalyzeSong(requests[1])
    result = video_service_pb2.AnalyzeSongResult()
    (await house.client.wait(first)).response.Unpack(result)
    write = video_service_pb2.CreateStoryboardRequest
    asked = write(parent=PARENT, analysis=result.analysis.name, request_id="one")
    second = await house.client.videos.CreateStoryboard(asked)
    assert (await house.client.videos.CreateStoryboard(asked)).name == second.name
    asked.options.style = "watercolour"
    with expect_error(RequestIdReused):
        await house.client.videos.CreateStoryboard(asked)
    await house.client.wait(second)


async def test_a_filtered_list_reads_a_little_at_a_time(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(repository, "_MOST_READ", 3)
    database = open_database(f"sqlite:///{tmp_path / 'videos.db'}")
    ready, failed = Video.STATE_READY, Video.STATE_FAILED
    states = [ready, failed, failed, failed, failed, ready, ready, failed, ready, failed]

    def fill(connection: Any) -> None:
        for number, state in enumerate(states):
            name = f"v{number}"
            row = {"project": "p", "id": name, "created": number // 2}
            video = Video(name=name, state=state).SerializeToString()
            connection.execute(videos_table.insert().values(video=video, **row))

    await database.write(fill)
    for state in (ready, failed, Video.STATE_MAKING, None):
        listed, token, sizes = [], "", []
        while True:
            page = requested_page(("videos", "p"), 2, token, 2)
            found, token = await VideoRepository(database).page("p", page, state)
            listed += [video.name for video in found]
            sizes.append(len(found))
            if not token:
                break
        assert listed == [
            f"v{number}" for number in reversed(range(10)) if state in (None, states[number])
        ]
        assert max(sizes) <= 2
        assert len(sizes) <= 5
    database.close()


@pytest.mark.parametrize(
    "text",
    ["state", "state = ", "state = MADE", "state = UNSPECIFIED", 'state = "READY', "x" * 999],
)
async def test_a_filter_that_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="is not known"):
        video_state(text)
    assert video_state("  ") is None
    assert video_state('state:"STATE_READY"') == Video.STATE_READY


async def called(channel: grpc.aio.Channel, method: MethodDescriptor, asked: Message) -> None:
    """Calls any kind of method with one request, to its end."""
    kind = (
        f"{'stream' if method.client_streaming else 'unary'}"
        f"_{'stream' if method.server_streaming else 'unary'}"
    )
    call = getattr(channel, kind)(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=type(asked).SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )(iter([asked]) if method.client_streaming else asked, timeout=30)
    if method.server_streaming:
        async for _ in call:
            pass
    else:
        await call

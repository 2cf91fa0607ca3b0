"""Strangers at a real gateway: every attack fails, and in the right way."""

from __future__ import annotations

import grpc.aio
import pytest
import pytest_asyncio
from google.longrunning.operations_pb2 import (
    CancelOperationRequest,
    DeleteOperationRequest,
    GetOperationRequest,
)
from google.rpc import error_details_pb2
from songreel.v1 import (
    access_service_pb2,
    identity_service_pb2,
    media_service_pb2,
    video_service_pb2,
)
from songreel.v1.access_service_pb2 import GetProjectRequest
from songreel.v1.media_service_pb2 import GetMediaRequest
from songreel.v1.video_service_pb2 import (
    DeleteStoryboardRequest,
    GetStoryboardRequest,
    GetVideoRequest,
    ListVideosRequest,
    WatchOperationRequest,
)
from songreel_gateway.access.audit import events_of, use_of
from songreel_gateway.access.policy import OPEN, ROLES
from songreel_gateway.access.quotas import UPLOADS, add_use
from songreel_testing.gateway.attacks import ATTACKS, Attack, detail, ending, told, whole_table
from songreel_testing.gateway.attacks_names import call
from songreel_testing.gateway.checked_gateway import MINE, THEIRS, CheckedGateway, checked_gateway
from songreel_testing.gateway.fake_stages import FRAMES
from songreel_testing.gateway.local_gateway import Client, until, video_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(tmp_path_factory):
    async with checked_gateway(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.mark.parametrize("tried", whole_table(), ids=lambda tried: f"{tried.group}: {tried.name}")
async def test_a_strangers_attempt_fails_as_it_should(
    gateway: CheckedGateway, tried: Attack
) -> None:
    assert await ending(tried, gateway) == tried.ends


async def test_those_who_may_are_let_in(gateway: CheckedGateway) -> None:
    # Else every attack would fail for the wrong reason.
    for who in ("mine", "creator"):
        client = gateway.as_(who)
        song = await client.upload(f"a song of {who}".encode(), parent=MINE)
        made = await client.create(song, parent=MINE, render_settings={"checkpoint": "house-style"})
        done = await client.wait(made)
        assert video_of(done).name.startswith(f"{MINE}/videos/")
        assert await client.download(song.name) == f"a song of {who}".encode()
        assert (await client.watch(made))[-1].done
    person = Client(gateway.open(gateway.provider.token()))
    assert (await person.media.GetMedia(GetMediaRequest(name=song.name))).media == song
    await gateway.as_("mine").operations.DeleteOperation(DeleteOperationRequest(name=made.name))


async def test_an_operator_sees_the_jobs_of_all_projects(gateway: CheckedGateway) -> None:
    found = await gateway.as_("operator").operations.GetOperation(
        GetOperationRequest(name=gateway.operation)
    )
    assert found.name == gateway.operation


async def test_what_others_have_and_what_nobody_has_look_the_same(gateway: CheckedGateway) -> None:
    nowhere = {"media": "0" * 64, "videos": "none", "storyboards": "none", "operations": "none"}
    for name, requests in (
        (gateway.song.name, [("MediaService/GetMedia", GetMediaRequest)]),
        (gateway.video, [("VideoService/GetVideo", GetVideoRequest)]),
        (
            gateway.storyboard.name,
            [
                ("VideoService/GetStoryboard", GetStoryboardRequest),
                ("VideoService/DeleteStoryboard", DeleteStoryboardRequest),
            ],
        ),
        (
            gateway.operation,
            [
                ("Operations/GetOperation", GetOperationRequest),
                ("Operations/CancelOperation", CancelOperationRequest),
                ("Operations/DeleteOperation", DeleteOperationRequest),
                ("VideoService/WatchOperation", WatchOperationRequest),
            ],
        ),
    ):
        collection = name.split("/")[2]
        missing = f"{MINE}/{collection}/{nowhere[collection]}"
        for method, request in requests:
            answers = set()
            for asked in (name, missing.replace(MINE, THEIRS), missing):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await call(gateway, method, request(name=asked))
                error = caught.value
                answers.add((told(error), str(error.details()).replace(asked, "NAME")))
            assert len(answers) == 1, answers


async def test_every_public_method_is_held_to_the_callers_project(gateway: CheckedGateway) -> None:
    tried = {each.name.split(",")[0] for each in ATTACKS if each.group.startswith("another")}
    public = {method.rpartition(".")[2] for method in ROLES if "reflection" not in method}
    assert tried == public
    # And no method is served that has no roles.
    served = {
        f"/{service.full_name}/{method.name}"
        for file in (access_service_pb2, media_service_pb2, video_service_pb2, identity_service_pb2)
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert served - OPEN <= set(ROLES)


async def test_a_refusal_says_when_to_come_back(gateway: CheckedGateway) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.as_("tight").upload(b"x" * 65, parent="projects/tight")
    failure = detail(caught.value, error_details_pb2.QuotaFailure)
    assert failure.violations[0].subject == "projects/tight"
    assert failure.violations[0].quota_metric in ("songreel/stored_bytes", "songreel/uploads")
    gateway.write(lambda c: add_use(gateway.database, c, "tight", UPLOADS, 3))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await gateway.as_("tight").upload(b"x", parent="projects/tight")
    wait = detail(caught.value, error_details_pb2.RetryInfo).retry_delay.seconds
    assert 0 <= wait <= 86_400


async def test_a_partner_can_ask_what_is_left(gateway: CheckedGateway) -> None:
    found = await call(
        gateway, "AccessService/GetProject", GetProjectRequest(name=THEIRS), who="theirs"
    )
    quotas = {quota.metric: quota for quota in found.project.quotas}
    assert quotas["stored_bytes"].used >= len(b"a song of their own")
    assert quotas["rendered_seconds"].used == pytest.approx(FRAMES // 12, abs=1)
    assert quotas["uploads"].used == 1
    assert not quotas["running_jobs"].HasField("reset_time")


async def test_the_audit_tells_what_was_done_without_saying_by_whom(
    gateway: CheckedGateway,
) -> None:
    person = Client(gateway.open(gateway.provider.token()))
    await person.videos.ListVideos(ListVideosRequest(parent=MINE))

    def rows():
        return gateway.write(lambda connection: use_of(connection, 1))

    await until(lambda: any(row.key == "oidc" and "ListVideos" in row.method for row in rows()))
    rows = rows()
    assert any(row.project == "" and row.code == "UNAUTHENTICATED" for row in rows)
    assert "ann@" not in repr(rows)
    events = gateway.write(lambda connection: events_of(connection, 0, "closed"))
    assert [event.action for event in events] == ["project created", "key created", "closed"]

"""Too much, too often, too slowly; and grants that were used before."""

from __future__ import annotations

import asyncio

from songreel.identity.v1 import identity_service_pb2 as vaulted
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.v1.media_service_pb2 import UploadHeader, UploadMediaRequest
from songreel.v1.video_service_pb2 import CreateVideoRequest, WatchOperationRequest
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_gateway.access.quotas import RENDERED, add_use
from songreel_gateway.db.access_tables import project_use

from songreel_testing.gateway.attacks import attack
from songreel_testing.gateway.attacks_names import call
from songreel_testing.gateway.attacks_tokens import list_videos
from songreel_testing.gateway.checked_gateway import MINE, CheckedGateway, bearer
from songreel_testing.serving import serving

RATE = "RESOURCE_EXHAUSTED RATE_LIMITED"
QUOTA = "RESOURCE_EXHAUSTED QUOTA_EXCEEDED"
TOO_LARGE = "RESOURCE_EXHAUSTED -"
CUT_OFF = "the server closed the connection"
TIGHT = "projects/tight"


@attack("too much", "a message of 5 MiB", TOO_LARGE)
async def large_message(gateway: CheckedGateway) -> None:
    await gateway.as_("mine").upload(b"x" * 5 * 2**20, chunk=5 * 2**20, parent=MINE)


@attack("too much", "metadata of 64 KiB", TOO_LARGE)
async def large_metadata(gateway: CheckedGateway) -> None:
    await list_videos(gateway, bearer(gateway.tokens["mine"]), ("x-padding", "x" * 65536))


@attack("too much", "a file larger than the server takes", "RESOURCE_EXHAUSTED UPLOAD_TOO_LARGE")
async def large_file(gateway: CheckedGateway) -> None:
    await gateway.as_("mine").upload(b"x", size=2**40, parent=MINE)


@attack("too often", "more calls than the key's rate", RATE)
async def rate(gateway: CheckedGateway) -> None:
    for _ in range(2):
        await list_videos(gateway, bearer(gateway.tokens["slow"]))


@attack("too often", "more watches at once than a key may have", RATE)
async def watches(gateway: CheckedGateway) -> None:
    song = await gateway.as_("creator").upload(b"a song to be watched", parent=MINE)
    gateway.control.hold("analyze")
    try:
        made = await gateway.as_("creator").create(song, parent=MINE)
        asked = WatchOperationRequest(name=made.name)
        stub = VideoServiceStub(gateway.open(gateway.tokens["creator"]))
        begun = [stub.WatchOperation(asked) for _ in range(gateway.settings.calls_at_once)]
        try:
            for each in begun:
                await each.read()
            async for _ in stub.WatchOperation(asked):
                pass
        finally:
            for each in begun:
                each.cancel()
    finally:
        gateway.control.let_go("analyze")


def new_day(gateway: CheckedGateway) -> None:
    """Nothing was used today yet."""
    gone = project_use.delete().where(project_use.c.project == "tight")
    gateway.write(lambda connection: connection.execute(gone))


@attack("quotas", "a second job at once", QUOTA)
async def jobs(gateway: CheckedGateway) -> None:
    new_day(gateway)
    song = await gateway.as_("tight").upload(b"one", parent=TIGHT)
    gateway.control.hold("analyze")
    try:
        first = await gateway.as_("tight").create(song, "first", parent=TIGHT)
        again = await gateway.as_("tight").create(song, "first", parent=TIGHT)
        assert again.name == first.name  # a repetition is no second job
        await gateway.as_("tight").create(song, "second", parent=TIGHT)
    finally:
        gateway.control.let_go("analyze")
        await gateway.as_("tight").wait(first)


@attack("quotas", "more bytes than the project may keep", QUOTA)
async def stored(gateway: CheckedGateway) -> None:
    new_day(gateway)
    await gateway.as_("tight").upload(b"x" * 65, parent=TIGHT)


@attack("quotas", "the same, announced in the header", QUOTA)
async def announced(gateway: CheckedGateway) -> None:
    new_day(gateway)
    await gateway.as_("tight").upload(b"x" * 65, size=65, parent=TIGHT)


@attack("quotas", "more uploads than a day has", QUOTA)
async def uploads(gateway: CheckedGateway) -> None:
    new_day(gateway)
    for _ in range(4):
        await gateway.as_("tight").upload(b"one", parent=TIGHT)


@attack("quotas", "a video after the day's seconds are used", QUOTA)
async def seconds(gateway: CheckedGateway) -> None:
    new_day(gateway)
    song = await gateway.as_("tight").upload(b"one", parent=TIGHT)
    gateway.write(lambda c: add_use(gateway.database, c, "tight", RENDERED, 5))
    asked = CreateVideoRequest(parent=TIGHT, video={"song": song.name})
    await call(gateway, "VideoService/CreateVideo", asked, who="tight")


@attack("slow loris", "an upload whose bytes hardly come", "DEADLINE_EXCEEDED STREAM_STALLED")
async def slow_upload(gateway: CheckedGateway) -> None:
    upload = gateway.as_("mine").media.UploadMedia()
    await upload.write(UploadMediaRequest(header=UploadHeader(parent=MINE)))
    await upload.write(UploadMediaRequest(chunk=b"x"))
    await asyncio.wait_for(upload.code(), 20)
    await upload


@attack("slow loris", "an upload that never begins", "DEADLINE_EXCEEDED STREAM_STALLED")
async def silent_upload(gateway: CheckedGateway) -> None:
    await asyncio.wait_for(gateway.as_("mine").media.UploadMedia(), 20)


async def until_cut_off(port: int, said: bytes) -> str:
    """Connects, says a little, and waits for the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(said)
        await writer.drain()
        async with asyncio.timeout(15):
            while await reader.read(4096):
                pass
        return CUT_OFF
    except ConnectionError:
        return CUT_OFF
    finally:
        writer.close()


@attack("slow loris", "a connection that says nothing", CUT_OFF)
async def silence(gateway: CheckedGateway) -> str:
    return await until_cut_off(int(gateway.server.inner_address.rpartition(":")[2]), b"")


@attack("slow loris", "half of HTTP/2's first words", CUT_OFF)
async def half_preface(gateway: CheckedGateway) -> str:
    port = int(gateway.server.inner_address.rpartition(":")[2])
    return await until_cut_off(port, b"PRI * HTTP/2.0\r\n\r\nS")


@attack("slow loris", "half of a TLS handshake", CUT_OFF)
async def half_handshake(gateway: CheckedGateway) -> str:
    return await until_cut_off(gateway.server.port, b"\x16\x03\x01\x02\x00\x01\x00\x01")


@attack("slow loris", "HTTP/1.1 instead of HTTP/2", CUT_OFF)
async def old_http(gateway: CheckedGateway) -> str:
    port = int(gateway.server.inner_address.rpartition(":")[2])
    return await until_cut_off(port, b"GET / HTTP/1.1\r\nHost: x\r\n")


async def granted(gateway: CheckedGateway, redeemer_job: str = "ab" * 32, times: int = 2) -> None:
    """A real grant of a real vault, redeemed so often."""
    from songreel_identity.service import create_service, open_vault
    from songreel_identity.settings import IdentitySettings
    from songreel_identity.vault.records import ADAPTER

    ann, folder = f"{MINE}/identities/ann", gateway.folder / "vault"
    folder.mkdir(exist_ok=True)
    settings = IdentitySettings(database=f"sqlite:///{folder / 'vault.db'}", keys=folder / "keys")
    async with serving(create_service(settings)) as channel:
        stub = IdentityServiceStub(channel)
        text = await stub.GetConsentText(vaulted.GetConsentTextRequest())
        await stub.RecordConsent(
            vaulted.RecordConsentRequest(
                identity=ann, version=text.version, text_sha256=text.sha256
            )
        )
        vault = open_vault(settings)
        adapter = vault.put(vault.valid_consent(ann), ADAPTER, b"weights").sha256
        vault.database.close()
        asked = vaulted.GrantUseRequest(identity=ann, adapter_sha256=adapter, job_sha256="ab" * 32)
        grant = (await stub.GrantUse(asked)).grant
        for _ in range(times):
            await stub.RedeemGrant(
                vaulted.RedeemGrantRequest(
                    grant=grant, adapter_sha256=adapter, job_sha256=redeemer_job
                )
            )


@attack("grants", "a grant that was used before", "PERMISSION_DENIED GRANT_SPENT")
async def replayed_grant(gateway: CheckedGateway) -> None:
    await granted(gateway)


@attack("grants", "a grant for another job", "PERMISSION_DENIED GRANT_INVALID")
async def other_job(gateway: CheckedGateway) -> None:
    await granted(gateway, "cd" * 32, times=1)

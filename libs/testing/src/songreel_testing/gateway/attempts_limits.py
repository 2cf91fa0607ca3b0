"""Too much, too often, too slowly; and grants that were used before."""

from __future__ import annotations

import asyncio

from songreel.identity.v1 import identity_service_pb2 as vaulted
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.v1.media_service_pb2 import UploadHeader, UploadMediaRequest
from songreel.v1.video_service_pb2 import CreateVideoRequest, WatchOperationRequest
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_gateway.access.quotas import RENDERED, add_use
from songreel_gateway.access.tables import project_use

from songreel_testing.gateway.attempts import attempt
from songreel_testing.gateway.attempts_names import call
from songreel_testing.gateway.attempts_tokens import knock
from songreel_testing.gateway.checked_gateway import MINE, Guarded, bearer
from songreel_testing.serving import serving

RATE = "RESOURCE_EXHAUSTED RATE_LIMITED"
QUOTA = "RESOURCE_EXHAUSTED QUOTA_EXCEEDED"
TOO_LARGE = "RESOURCE_EXHAUSTED -"
CUT_OFF = "the server closed the connection"
TIGHT = "projects/tight"


@attempt("too much", "a message of 5 MiB", TOO_LARGE)
async def large_message(world: Guarded) -> None:
    await world.as_("mine").upload(b"x" * 5 * 2**20, chunk=5 * 2**20, parent=MINE)


@attempt("too much", "metadata of 64 KiB", TOO_LARGE)
async def large_metadata(world: Guarded) -> None:
    await knock(world, bearer(world.tokens["mine"]), ("x-padding", "x" * 65536))


@attempt("too much", "a file larger than the server takes", "RESOURCE_EXHAUSTED UPLOAD_TOO_LARGE")
async def large_file(world: Guarded) -> None:
    await world.as_("mine").upload(b"x", size=2**40, parent=MINE)


@attempt("too often", "more calls than the key's rate", RATE)
async def rate(world: Guarded) -> None:
    for _ in range(2):
        await knock(world, bearer(world.tokens["slow"]))


@attempt("too often", "more watches at once than a key may have", RATE)
async def watches(world: Guarded) -> None:
    song = await world.as_("creator").upload(b"a song to be watched", parent=MINE)
    world.hands.hold("analyze")
    try:
        made = await world.as_("creator").create(song, parent=MINE)
        asked = WatchOperationRequest(name=made.name)
        stub = VideoServiceStub(world.open(world.tokens["creator"]))
        begun = [stub.WatchOperation(asked) for _ in range(world.settings.calls_at_once)]
        try:
            for each in begun:
                await each.read()
            async for _ in stub.WatchOperation(asked):
                pass
        finally:
            for each in begun:
                each.cancel()
    finally:
        world.hands.let_go("analyze")


def new_day(world: Guarded) -> None:
    """Nothing was used today yet."""
    gone = project_use.delete().where(project_use.c.project == "tight")
    world.write(lambda connection: connection.execute(gone))


@attempt("quotas", "a second job at once", QUOTA)
async def jobs(world: Guarded) -> None:
    new_day(world)
    song = await world.as_("tight").upload(b"one", parent=TIGHT)
    world.hands.hold("analyze")
    try:
        first = await world.as_("tight").create(song, "first", parent=TIGHT)
        again = await world.as_("tight").create(song, "first", parent=TIGHT)
        assert again.name == first.name  # a repetition is no second job
        await world.as_("tight").create(song, "second", parent=TIGHT)
    finally:
        world.hands.let_go("analyze")
        await world.as_("tight").wait(first)


@attempt("quotas", "more bytes than the project may keep", QUOTA)
async def stored(world: Guarded) -> None:
    new_day(world)
    await world.as_("tight").upload(b"x" * 65, parent=TIGHT)


@attempt("quotas", "the same, announced in the header", QUOTA)
async def announced(world: Guarded) -> None:
    new_day(world)
    await world.as_("tight").upload(b"x" * 65, size=65, parent=TIGHT)


@attempt("quotas", "more uploads than a day has", QUOTA)
async def uploads(world: Guarded) -> None:
    new_day(world)
    for _ in range(4):
        await world.as_("tight").upload(b"one", parent=TIGHT)


@attempt("quotas", "a video after the day's seconds are used", QUOTA)
async def seconds(world: Guarded) -> None:
    new_day(world)
    song = await world.as_("tight").upload(b"one", parent=TIGHT)
    world.write(lambda c: add_use(world.database, c, "tight", RENDERED, 5))
    asked = CreateVideoRequest(parent=TIGHT, video={"song": song.name})
    await call(world, "VideoService/CreateVideo", asked, who="tight")


@attempt("slow loris", "an upload whose bytes hardly come", "DEADLINE_EXCEEDED STREAM_STALLED")
async def slow_upload(world: Guarded) -> None:
    upload = world.as_("mine").media.UploadMedia()
    await upload.write(UploadMediaRequest(header=UploadHeader(parent=MINE)))
    await upload.write(UploadMediaRequest(chunk=b"x"))
    await asyncio.wait_for(upload.code(), 20)
    await upload


@attempt("slow loris", "an upload that never begins", "DEADLINE_EXCEEDED STREAM_STALLED")
async def silent_upload(world: Guarded) -> None:
    await asyncio.wait_for(world.as_("mine").media.UploadMedia(), 20)


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


@attempt("slow loris", "a connection that says nothing", CUT_OFF)
async def silence(world: Guarded) -> str:
    return await until_cut_off(int(world.server.inner_address.rpartition(":")[2]), b"")


@attempt("slow loris", "half of HTTP/2's first words", CUT_OFF)
async def half_preface(world: Guarded) -> str:
    port = int(world.server.inner_address.rpartition(":")[2])
    return await until_cut_off(port, b"PRI * HTTP/2.0\r\n\r\nS")


@attempt("slow loris", "half of a TLS handshake", CUT_OFF)
async def half_handshake(world: Guarded) -> str:
    return await until_cut_off(world.server.port, b"\x16\x03\x01\x02\x00\x01\x00\x01")


@attempt("slow loris", "HTTP/1.1 instead of HTTP/2", CUT_OFF)
async def old_http(world: Guarded) -> str:
    port = int(world.server.inner_address.rpartition(":")[2])
    return await until_cut_off(port, b"GET / HTTP/1.1\r\nHost: x\r\n")


async def granted(world: Guarded, redeemer_job: str = "ab" * 32, times: int = 2) -> None:
    """A real grant of a real vault, redeemed so often."""
    from songreel_identity.service import create_service, open_vault
    from songreel_identity.settings import IdentitySettings
    from songreel_identity.vault.vault import ADAPTER

    ann, folder = f"{MINE}/identities/ann", world.folder / "vault"
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


@attempt("grants", "a grant that was used before", "PERMISSION_DENIED GRANT_SPENT")
async def replayed_grant(world: Guarded) -> None:
    await granted(world)


@attempt("grants", "a grant for another job", "PERMISSION_DENIED GRANT_INVALID")
async def other_job(world: Guarded) -> None:
    await granted(world, "cd" * 32, times=1)

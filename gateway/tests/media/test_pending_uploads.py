"""Direct uploads that are under way: expiry, quotas, replicas that finish the same one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from songreel.v1.media_service_pb2 import (
    CancelUploadRequest,
    FinishUploadRequest,
)
from songreel_gateway.access.quotas import UPLOADS, Limits, Quotas
from songreel_gateway.db.access_tables import project_use
from songreel_gateway.db.schema import open_database
from songreel_gateway.db.tables import uploads
from songreel_gateway.media.direct_uploads import DirectUploads, clear_expired
from songreel_gateway.media.pending_uploads import PendingUploads
from songreel_gateway.media.repository import MediaRepository
from songreel_gateway.settings import GatewaySettings
from songreel_kit.artifacts.open import direct_transfers
from songreel_kit.errors import (
    QuotaExceeded,
    UploadNotFound,
)
from songreel_testing.gateway.checked_gateway import checked_gateway
from songreel_testing.gateway.direct_client import (
    LONG,
    SONG,
    asked,
    begin,
    database_of,
    finish,
    goes_on,
    left_over,
    let_expire,
    send,
    store_at,
    store_upload,
)
from songreel_testing.gateway.direct_client import upload as upload_directly
from songreel_testing.gateway.local_gateway import PARENT
from songreel_testing.servers import PostgresServer, S3Endpoint
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_is_never_finished_goes_with_its_parts(front) -> None:
    database = database_of(front)
    let_expire(front)
    clear_expired(database, lambda: direct_transfers(front.store), dry_run=False)
    upload = await begin(front.client, LONG + b"never finished", request_id="never")
    await send(upload.parts[:1], LONG)
    kept = store_upload(front, upload)
    small = await begin(front.client, b"put and not finished")
    await send(small.parts, b"put and not finished")
    let_expire(front)
    with expect_error(UploadNotFound):
        await finish(front.client, upload)

    def transfers() -> Any:
        return direct_transfers(front.store)

    assert clear_expired(database, transfers, dry_run=True) == 2
    assert goes_on(front.store, upload.name, kept)
    assert clear_expired(database, transfers, dry_run=False) == 2
    assert left_over(front.store) == []
    assert not goes_on(front.store, upload.name, kept)
    assert clear_expired(database, transfers, dry_run=False) == 0
    database.close()
    again = await begin(front.client, LONG + b"never finished", request_id="never")
    assert (again.name == upload.name, len(again.parts)) == (False, 3)


async def test_what_has_begun_counts_against_the_quotas(moto: S3Endpoint, tmp_path: Path) -> None:
    tight = "projects/tight"  # 64 bytes, 3 uploads
    async with checked_gateway(tmp_path, store_at(moto, tmp_path)) as gateway:
        client = gateway.as_("tight")
        with expect_error(QuotaExceeded):
            await begin(client, b"x" * 65, parent=tight)
        one = await begin(client, b"1" * 40, parent=tight)
        with expect_error(QuotaExceeded):
            await begin(client, b"2" * 25, parent=tight)
        with expect_error(QuotaExceeded):
            await client.upload(b"2" * 25, parent=tight)
        await client.media.CancelUpload(CancelUploadRequest(name=one.name))
        two = await begin(client, b"2" * 25, parent=tight)
        three = await begin(client, b"3" * 25, parent=tight)
        await begin(client, b"4", parent=tight)
        with expect_error(QuotaExceeded) as caught:
            await begin(client, b"5", parent=tight)
        assert caught.error.metadata["quota"] == UPLOADS
        await send(two.parts, b"2" * 25)
        assert (await finish(client, two)).artifact.size == 25
        # Those of nobody's time give their share back.
        gone = sa.update(uploads).where(uploads.c.finished == 0).values(expires=1)
        gateway.write(lambda c: c.execute(gone))
        assert (await upload_directly(client, b"6" * 39, parent=tight)).artifact.size == 39
        with expect_error(UploadNotFound):
            await finish(client, three)
        used = sa.select(project_use.c.amount).where(project_use.c.kind == UPLOADS)
        found = gateway.write(
            lambda c: c.execute(used.where(project_use.c.project == "tight")).scalar_one()
        )
        assert found == 2


@pytest.mark.parametrize("data", [SONG, LONG], ids=["at once", "in parts"])
async def test_of_replicas_that_finish_at_once_one_wins(
    postgres: PostgresServer, rclone: S3Endpoint, tmp_path: Path, data: bytes
) -> None:
    url = postgres.url(postgres.create_database())
    store = store_at(rclone, tmp_path)
    limits = Limits(10, 10, 10**9, 10)
    databases = [open_database(url) for _ in range(3)]
    settings = GatewaySettings(data=tmp_path)
    replicas = [
        DirectUploads(
            settings,
            direct_transfers(store),
            PendingUploads(MediaRepository(database), Quotas(database, limits)),
        )
        for database in databases
    ]
    upload = await replicas[0].begin(asked(data))
    await send(upload.parts, data)
    request = FinishUploadRequest(name=upload.name)
    found = await asyncio.gather(*(each.finish(request) for each in replicas * 2))
    assert {each.name for each in found} == {f"{PARENT}/media/{asked(data).sha256}"}
    used = sa.select(project_use.c.amount).where(project_use.c.kind == UPLOADS)
    assert databases[0].run(lambda c: c.execute(used).scalar_one()) == 1
    assert store.read_bytes(found[0].artifact) == data
    assert left_over(store) == []
    # Who begins the same request at the same moment gets one upload.
    one = asked(data, request_id="at the same moment")
    begun = await asyncio.gather(*(each.begin(one) for each in replicas))
    assert len({each.name for each in begun}) == 1
    for database in databases:
        database.close()

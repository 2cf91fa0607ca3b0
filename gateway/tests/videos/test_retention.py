"""Retention: what is too old goes with `collect`, and a project goes as a whole."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from songreel.v1.media_service_pb2 import ListMediaRequest
from songreel.v1.video_service_pb2 import CreateScoreRequest, GetVideoRequest
from songreel_gateway.access.keys import change_project, create_project
from songreel_gateway.access.quotas import Limits, Quotas
from songreel_gateway.db.schema import open_database
from songreel_gateway.db.tables import jobs, media, videos
from songreel_gateway.maintenance import collect_unkept, erase_everything, expire_media
from songreel_kit.errors import FailedPrecondition, NotFound
from songreel_testing.gateway.local_gateway import PARENT, local_gateway, video_of

MONTH = timedelta(days=30)
QUOTAS = Limits(100, 10_000, 10**9, 1000)


def age(connection: sa.Connection, days: int) -> None:
    """As if everything had been made so many days ago."""
    for table in (videos, media, jobs):
        connection.execute(sa.update(table).values(created=table.c.created - days * 86_400_000_000))


def make_old(folder: Path) -> None:
    past = time.time() - 365 * 24 * 3600
    for path in folder.rglob("*"):
        os.utime(path, (past, past))


async def test_a_retention_ends_and_collect_takes_what_nobody_holds(tmp_path) -> None:
    async with local_gateway(tmp_path, retention_days=30) as local:
        song = await local.client.upload(b"a song for a month")
        operation = await local.client.create(song)
        video = video_of(await local.client.wait(operation))
        found = await local.client.videos.GetVideo(GetVideoRequest(name=video.name))
        kept = found.video.expire_time.ToDatetime() - found.video.create_time.ToDatetime()
        assert kept == MONTH
        asked = CreateScoreRequest(parent=PARENT, video=video.media.video)
        score = await local.client.videos.CreateScore(asked)
        await local.client.wait(score)
        listed = await local.client.media.ListMedia(ListMediaRequest(parent=PARENT))
        assert all(each.HasField("expire_time") for each in listed.media)
    database = open_database(local.settings.database())
    assert expire_media(database, local.settings).media == []
    database.run(lambda c: age(c, 31))
    assert len(expire_media(database, local.settings, dry_run=True).jobs) == 2
    gone = expire_media(database, local.settings)
    assert gone.jobs == [each.name.rpartition("/")[2] for each in (operation, score)]
    assert song.name.rpartition("/")[2] in gone.media
    left = database.run(lambda c: Quotas(database, QUOTAS).used(c, "local"), reads=True)
    assert left.stored_bytes == 0
    make_old(local.store.root)
    collected = collect_unkept(database, str(local.store.root), MONTH)
    assert collected.removed >= 5
    assert not any((local.store.root / "sha256").glob("*/*"))
    database.close()


async def test_a_projects_own_retention_counts(tmp_path) -> None:
    async with local_gateway(tmp_path, retention_days=30) as local:
        await local.client.upload(b"a song that is kept")
        database = open_database(local.settings.database())
        database.run(lambda c: create_project(c, "local", {"retention_days": 0}))
        listed = await local.client.media.ListMedia(ListMediaRequest(parent=PARENT))
        assert not listed.media[0].HasField("expire_time")
        database.run(lambda c: age(c, 31))
        assert expire_media(database, local.settings).media == []
        database.close()


async def test_a_closed_project_is_erased_and_no_other_one(tmp_path) -> None:
    async with local_gateway(tmp_path) as local:
        own = await local.client.upload(b"of both", parent="projects/gone")
        await local.client.upload(b"of both", parent=PARENT)
        song = await local.client.upload(b"only of this one", parent="projects/gone")
        await local.client.wait(await local.client.create(song, parent="projects/gone"))
    database = open_database(local.settings.database())
    settings = local.settings.model_copy(update={"store": str(local.store.root)})
    with pytest.raises(NotFound):
        erase_everything(database, settings, "gone")
    database.run(lambda c: create_project(c, "gone", {}))
    with pytest.raises(FailedPrecondition, match="close it first"):
        erase_everything(database, settings, "gone")
    database.run(lambda c: change_project(c, "gone", "project closed", closed=1))
    gone, removed = erase_everything(database, settings, "gone")
    database.close()
    assert (len(gone.jobs), removed) == (1, len(gone.media) - 1)
    assert local.content(own.name) == b"of both", "another project's stays"
    for path in local.settings.data.rglob("*"):
        if path.is_file():
            assert b"projects/gone/" not in path.read_bytes(), path

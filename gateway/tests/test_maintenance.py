"""The operator's commands, as processes: migrations by hand, and clearing the store."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from songreel_gateway.db.schema import open_database
from songreel_gateway.maintenance import collect_unkept
from songreel_gateway.media.repository import MediaRepository
from songreel_kit.artifacts.local import LocalArtifactStore

YEAR_AGO = time.time() - 365 * 24 * 3600


def gateway(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "songreel_gateway", *arguments],
        capture_output=True,
        text=True,
        timeout=200,
        env=os.environ | {"SONGREEL_DATA": str(folder), "SONGREEL_STORE": str(folder / "store")},
    )


async def test_only_what_is_no_projects_media_goes(tmp_path: Path) -> None:
    store = LocalArtifactStore(tmp_path / "store")
    video = store.put_bytes(b"somebody's video", "video/mp4")
    segment = store.put_bytes(b"a segment of it", "video/mp4")
    young = store.put_bytes(b"a segment of another one", "video/mp4")
    for artifact in (video, segment):
        os.utime(store.path_of(artifact), (YEAR_AGO, YEAR_AGO))
    database = open_database(f"sqlite:///{tmp_path / 'songreel.db'}")
    await MediaRepository(database).add("local", video, "video.mp4")
    collected = collect_unkept(database, str(store.root), timedelta(days=30))
    database.close()
    assert (collected.examined, collected.removed) == (3, 1)
    assert [store.exists(each) for each in (video, segment, young)] == [True, False, True]


@pytest.mark.slow
def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    assert "revision head" in gateway(tmp_path, "migrate").stdout
    assert "revision 0001" in gateway(tmp_path, "migrate", "0001").stdout
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'songreel.db'}")
    assert "replicas" not in sa.inspect(engine).get_table_names()
    engine.dispose()
    assert "0 artifacts, 0 would be removed" in gateway(tmp_path, "collect", "--dry-run").stdout
    refused = gateway(tmp_path, "lifecycle")
    assert (refused.returncode, "the store is a folder" in refused.stderr) == (1, True)

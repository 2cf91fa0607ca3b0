"""The local store keeps whole artifacts or nothing, whatever happens to its writers."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from songreel_kit.artifacts.local import LocalArtifactStore
from songreel_kit.errors import ArtifactCorrupt, FailedPrecondition


def files(store: LocalArtifactStore, folder: str) -> list[Path]:
    return [path for path in (store.root / folder).rglob("*") if path.is_file()]


def test_the_layout_is_what_it_says(store: LocalArtifactStore) -> None:
    artifact = store.put_bytes(b"hello", "text/plain")
    store.bind("greet/one", artifact)
    digest = hashlib.sha256(b"hello").hexdigest()
    assert (store.root / "sha256" / digest[:2] / digest).read_bytes() == b"hello"
    assert (store.root / "refs" / "greet" / "one.json").is_file()
    assert files(store, "incoming") == []


def test_stored_files_are_read_only(store: LocalArtifactStore) -> None:
    artifact = store.put_bytes(b"hello", "text/plain")
    assert store.path_of(artifact).stat().st_mode & 0o222 == 0


def test_local_path_is_the_file_itself(store: LocalArtifactStore) -> None:
    artifact = store.put_bytes(b"hello", "text/plain")
    with store.local_path(artifact) as path:
        assert path == store.path_of(artifact)


def test_damage_is_noticed(store: LocalArtifactStore) -> None:
    artifact = store.put_bytes(b"hello", "text/plain")
    path = store.path_of(artifact)
    path.chmod(0o644)
    path.write_bytes(b"hullo")
    with pytest.raises(ArtifactCorrupt):
        store.read_bytes(artifact)
    assert store.read_bytes(artifact, verify=False) == b"hullo"
    path.write_bytes(b"hell")
    for read in (store.read_bytes, store.open):
        with pytest.raises(ArtifactCorrupt, match="4 bytes instead of 5"):
            read(artifact)


def test_putting_it_again_mends_a_truncated_file(store: LocalArtifactStore) -> None:
    artifact = store.put_bytes(b"hello", "text/plain")
    path = store.path_of(artifact)
    path.chmod(0o644)
    path.write_bytes(b"hell")
    store.put_bytes(b"hello", "text/plain")
    assert store.read_bytes(artifact) == b"hello"


def test_a_damaged_reference_is_not_used(store: LocalArtifactStore) -> None:
    store.bind("key", store.put_bytes(b"hello", "text/plain"))
    (store.root / "refs" / "key.json").write_bytes(b'{"uri": "cas')
    assert store.lookup("key") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(FailedPrecondition, match="SONGREEL_DATA"):
        LocalArtifactStore(tmp_path / "artifacts")


def test_a_file_in_the_folders_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "artifacts").write_text("not a folder")
    with pytest.raises(FailedPrecondition, match="SONGREEL_DATA"):
        LocalArtifactStore(tmp_path / "artifacts")


WRITER = """
import sys
from pathlib import Path
from songreel_kit.artifacts.local import LocalArtifactStore
store = LocalArtifactStore(Path(sys.argv[1]))
with store.writer("audio/mpeg") as writer:
    writer.write(b"half a song" * 100_000)
    print("half", flush=True)
    sys.stdin.readline()
    writer.write(b"the rest")
print(writer.artifact.sha256, flush=True)
"""


def start(program: str, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_killed_writer_leaves_nothing(store: LocalArtifactStore) -> None:
    with start(WRITER, store.root) as process:
        assert process.stdout
        assert process.stdout.readline() == "half\n"
        process.kill()
    assert len(files(store, "incoming")) == 1
    assert files(store, "sha256") == []
    again = LocalArtifactStore(store.root)
    assert files(again, "incoming") == []
    assert files(again, "sha256") == []


def test_a_living_writer_is_not_swept_away(store: LocalArtifactStore) -> None:
    with start(WRITER, store.root) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "half\n"
        LocalArtifactStore(store.root)
        assert len(files(store, "incoming")) == 1
        process.stdin.write("go\n")
        process.stdin.flush()
        digest = process.stdout.readline().strip()
    assert digest == hashlib.sha256(b"half a song" * 100_000 + b"the rest").hexdigest()
    assert [path.name for path in files(store, "sha256")] == [digest]


def test_a_writer_of_this_process_is_not_swept_away(store: LocalArtifactStore) -> None:
    with store.writer("a/b") as writer:
        writer.write(b"mine")
        LocalArtifactStore(store.root)
    assert store.read_bytes(writer.artifact) == b"mine"


MANY = """
import os, sys
from pathlib import Path
from songreel_kit.artifacts.local import LocalArtifactStore
store = LocalArtifactStore(Path(sys.argv[1]))
while True:
    artifact = store.put_bytes(os.urandom(100_000), "a/b")
    store.bind("latest", artifact)
    print(artifact.sha256, flush=True)
"""


def test_killed_at_any_moment_all_that_is_seen_is_whole(store: LocalArtifactStore) -> None:
    for written in range(1, 9):
        with start(MANY, store.root) as process:
            assert process.stdout
            for _ in range(written):
                last = process.stdout.readline().strip()
            process.kill()
        again = LocalArtifactStore(store.root)
        assert files(again, "incoming") == []
        for path in files(again, "sha256"):
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
        assert last in {path.name for path in files(again, "sha256")}
        latest = again.lookup("latest")
        assert latest is not None
        assert len(again.read_bytes(latest)) == 100_000


FULL = """
import os, sys, subprocess
from pathlib import Path
from songreel_kit.errors import DiskFull
from songreel_kit.artifacts.local import LocalArtifactStore
root = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", root], check=True)
store = LocalArtifactStore(root / "artifacts")
small = store.put_bytes(b"small", "a/b")
store.bind("small", small)
source = root.parent / "song.mp3"
source.write_bytes(b"x" * 1_000_000)

def all_at_once():
    store.put_bytes(b"x" * 1_000_000, "a/b")

def bit_by_bit():
    with store.writer("a/b") as writer:
        for _ in range(1000):
            writer.write(b"x" * 1000)

def from_a_file():
    store.put_file(source, "a/b")

for attempt in (all_at_once, bit_by_bit, from_a_file):
    try:
        attempt()
    except DiskFull as error:
        assert "free some space" in error.message
    else:
        raise SystemExit(f"{attempt.__name__} went well")
    assert list((store.root / "incoming").iterdir()) == []
with (root / "filler").open("wb", buffering=0) as filler:
    try:
        while filler.write(b"x" * 4096):
            pass
    except OSError:
        pass
try:
    store.bind("other", small)
except DiskFull:
    pass
else:
    raise SystemExit("bind went well")
assert store.lookup("other") is None
assert store.lookup("small") == small
assert store.read_bytes(small) == b"small"
(root / "filler").unlink()
store.put_bytes(b"x" * 100_000, "a/b")
print("survived")
"""


def test_a_full_disk_is_typed_and_leaves_nothing(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    # A mount namespace of its own: the small disk is gone with the process.
    command = [str(unshare), "--map-root-user", "--mount"]
    if not unshare or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("needs unshare with user namespaces to mount a small disk")
    mount = tmp_path / "disk"
    mount.mkdir()
    done = subprocess.run(
        [*command, sys.executable, "-c", FULL, str(mount)], capture_output=True, text=True
    )
    assert done.stdout == "survived\n", done.stderr


def test_a_cache_lets_the_longest_unused_go(store: LocalArtifactStore) -> None:
    artifacts = [store.put_bytes(bytes([index]) * 1000, "a/b") for index in range(4)]
    store.trim(0)
    assert all(store.exists(artifact) for artifact in artifacts)  # all just used
    for age, artifact in enumerate(artifacts):
        os.utime(store.path_of(artifact), (1_000_000 + age, 1_000_000 + age))
    store.touch(artifacts[0])
    with store.local_path(artifacts[1]) as lent:
        store.trim(2000)
        assert lent.exists()
    assert [store.exists(artifact) for artifact in artifacts] == [True, True, False, False]
    store.trim(0, spare_seconds=0)
    assert files(store, "sha256") == []

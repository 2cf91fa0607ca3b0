"""How often a person, trained on the embedded checkpoint, is recognised in their video.

Seven frames of each clip replace the pictures of an enrolment. The rest is the product:
`songreel make --identity` (which trains) and `songreel evaluate identity` on the demo song, with
other people as impostors. `SONGREEL_BENCH_PEOPLE` (names of clips, separated by commas) selects
some; each takes about five minutes on two cores.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench import data
from bench.machine import describe
from bench.tables import Table

COMMAND = str(Path(sysconfig.get_path("scripts")) / "songreel")
SONG = data.ROOT / "demo" / "song.mp3"
PICTURES = 7
# Any two people serve as impostors.
IMPOSTORS = 2


def main() -> None:
    """Prints a row for each person."""
    faces = data.faces()
    if faces is None:
        return
    clips = {path.stem: path for path in sorted(faces.glob("*.mp4"))}
    wanted = os.environ.get("SONGREEL_BENCH_PEOPLE", ",".join(clips)).split(",")
    table = Table(
        "Likeness on the embedded checkpoint",
        (
            *("clip", "frames", "with a face", "of these, the person", "median distance"),
            *("impostors' matches", "seconds"),
        ),
        "seconds: analysis, storyboard, training and rendering",
    )
    for name in wanted:
        with tempfile.TemporaryDirectory() as scratch:
            others = [each for each in clips if each != name][:IMPOSTORS]
            facts = _measured(Path(scratch), clips[name], [clips[each] for each in others])
        shares = (facts["face_share"], facts["match_share_of_faces"])
        table.add(
            name,
            facts["frames"],
            *(f"{share:.1%}" if share is not None else "-" for share in shares),
            f"{facts['median_distance']:.2f}" if facts["faces"] else "-",
            sum(each["matches"] for each in facts["impostors"]),
            f"{facts['seconds']:.0f}",
        )
        print(f"{name}: {json.dumps(facts)}", file=sys.stderr, flush=True)
    print(table.markdown())
    print()
    print(describe())


def _measured(folder: Path, clip: Path, impostors: list[Path]) -> dict[str, Any]:
    from songreel_identity.service import open_vault
    from songreel_identity.settings import IdentitySettings
    from songreel_testing.identity.enrolled import enroll, still

    store = folder / "data"
    keys = store / "identity-keys"
    database = f"sqlite:///{store / 'identity' / 'vault.db'}"
    vault = open_vault(IdentitySettings(database=database, keys=keys))
    seen = _faces(clip, PICTURES)
    enroll(vault, "projects/local/identities/one", [still(bgr, vector) for bgr, vector in seen])
    pictures = [_picture(folder / f"{each.stem}.jpg", each) for each in impostors]
    video = folder / "video.mp4"
    began = time.monotonic()
    _run(
        *("make", str(SONG), "-o", str(video), "--identity", "one", "--as", "man"),
        *("--style", "realistic", "--protagonist-share", "1", "--seed", "7"),
        store=store,
    )
    seconds = time.monotonic() - began
    told = _run(
        *("evaluate", "identity", str(video), "--identity", "one", "--json"),
        *(word for each in pictures for word in ("--impostor", str(each))),
        store=store,
    )
    return json.loads(told) | {"seconds": seconds}


def _faces(clip: Path, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """`count` frames (BGR) spread over a clip, each with exactly one face, and their embeddings."""
    import cv2
    from songreel_identity.faces.recognition import FaceRecogniser

    recogniser, found = FaceRecogniser(), []
    capture = cv2.VideoCapture(str(clip))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    # More frames than needed: in some the face is turned away.
    for at in np.linspace(0, len(frames) - 1, 3 * count).astype(int):
        image = cv2.cvtColor(frames[at], cv2.COLOR_BGR2RGB)
        described = recogniser.embed(image)
        if len(described) == 1:
            found.append((frames[at], described[0]))
    if len(found) < count:
        raise RuntimeError(f"{clip.name} shows one face in {len(found)} of {3 * count} frames only")
    return [found[i] for i in np.linspace(0, len(found) - 1, count).astype(int)]


def _picture(path: Path, clip: Path) -> Path:
    import cv2

    cv2.imwrite(str(path), _faces(clip, 1)[0][0])
    return path


def _run(*arguments: str, store: Path) -> str:
    environment = os.environ | {"SONGREEL_DATA": str(store)}
    done = subprocess.run(
        [COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"songreel {arguments[0]} failed: {done.stderr[-1000:]}")
    return done.stdout

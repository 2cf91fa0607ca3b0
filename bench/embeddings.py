"""Distances between embeddings of one face in its poses, and of two faces.

The liveness thresholds rest on these figures. Each puppet's portrait is turned, tilted and
given expressions; dlib's distances are computed as the identity service computes them.
"""

from __future__ import annotations

import platform
from importlib.metadata import version
from statistics import median
from typing import Any

from bench import data
from bench.machine import describe
from bench.tables import Table

PACKAGES = ("mediapipe", "dlib-bin", "opencv-python-headless", "numpy")
POSES: dict[str, tuple[dict[str, float], ...]] = {
    "straight": ({"yaw": 0.6, "pitch": 0.5},),
    **{f"turned {each} degrees": ({"yaw": each}, {"yaw": -each}) for each in (15, 25, 30, 38)},
    **{f"tilted {each} degrees": ({"pitch": each}, {"pitch": -each}) for each in (12, 18, 24)},
    "mouth open": ({"mouth": 0.35}, {"mouth": 0.7}),
    "smiling": ({"smile": 0.8}, {"smile": 1.6}),
    "squinting": ({"squint": 0.5}, {"squint": 0.9}),
}


def main() -> None:
    """Prints the distances from the straight, neutral face."""
    faces = data.faces()
    if faces is None:
        return
    from songreel_identity.faces.embeddings import Embedder, distance
    from songreel_identity.faces.mediapipe_tracker import MediaPipeTracker
    from songreel_testing.puppet.attacks import PEOPLE, person
    from songreel_testing.puppet.expressions import Pose

    embedder, tracker = Embedder(), MediaPipeTracker()

    def embedding(puppet: Any, pose: dict[str, float]) -> Any:
        picture = puppet.render(Pose(**pose))
        for frame in range(3):  # until the mesh is stable
            seen = tracker.read(picture, frame=frame, at=frame, digest=b"", hands=False)
        oval = seen.face.oval
        return embedder.embed(picture, (*oval.min(axis=0), *oval.max(axis=0)))

    puppets = [person(faces, number) for number in range(len(PEOPLE))]
    neutral = [embedding(puppet, {}) for puppet in puppets]
    table = Table(
        "Distances from the neutral face",
        ("pose", "same person, median", "same, largest", "another person, least"),
        f"{len(puppets)} portraits; dlib's distances, the pose to either side",
    )
    for name, poses in POSES.items():
        posed = [[embedding(puppet, pose) for pose in poses] for puppet in puppets]
        same = [
            distance(one, rest) for own, rest in zip(posed, neutral, strict=True) for one in own
        ]
        other = [
            distance(one, rest)
            for whose, own in enumerate(posed)
            for one in own
            for who, rest in enumerate(neutral)
            if who != whose
        ]
        table.add(name, f"{median(same):.2f}", f"{max(same):.2f}", f"{min(other):.2f}")
    tracker.close()
    print(table.markdown())
    print()
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"{describe().partition('; ')[0]}; Python {platform.python_version()}, {versions}")

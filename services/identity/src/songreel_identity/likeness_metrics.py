"""Counts in how many pictures an enrolled person is recognised, and in how many others are."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel_kit.errors import FrameTooLarge, InvalidRequest, NotEnrolled, TooManyFrames

from songreel_identity.faces.embeddings import Embedding, distance
from songreel_identity.faces.recognition import SAME_PERSON, FaceRecogniser, mean_embedding, nearest
from songreel_identity.training.portraits import decode_picture
from songreel_identity.vault import audit
from songreel_identity.vault.vault import EMBEDDING, Vault

MOST_PICTURES = 20_000
MOST_BYTES = 4_000_000
MOST_PIXELS = 2048 * 2048
MOST_IMPOSTORS = 100


@dataclass
class _Tally:
    """Distances of the nearest faces to one person, one for each picture with a face."""

    person: Embedding
    distances: list[float] = field(default_factory=list[float])

    def add(self, faces: Sequence[Embedding]) -> None:
        found = nearest(faces, self.person)
        if found is not None:
            self.distances.append(found)

    @property
    def matches(self) -> int:
        return sum(each < SAME_PERSON for each in self.distances)

    @property
    def median(self) -> float:
        return statistics.median(self.distances) if self.distances else 0.0


class LikenessMetrics:
    """Measures; keeps numbers only."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def measure(
        self, requests: AsyncIterator[pb.MeasureLikenessRequest]
    ) -> pb.MeasureLikenessResponse:
        """Reads the stream to its end.

        Raises `InvalidRequest`, `NotEnrolled`, `IdentityNotFound`, `ConsentWithdrawn`,
        `BadFrame`, `FrameTooLarge`, `TooManyFrames`.
        """
        loop = asyncio.get_running_loop()
        first = await anext(aiter(requests), None)
        if first is None or first.WhichOneof("event") != "start":
            raise InvalidRequest("the first message must be `start`, with the identity's name")
        if len(first.start.impostors) > MOST_IMPOSTORS:
            raise InvalidRequest(f"at most {MOST_IMPOSTORS} impostors can be compared")
        # dlib is not thread-safe: one thread of its own.
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="songreel-likeness") as pool:
            counting = await loop.run_in_executor(pool, lambda: _Counting(self._vault, first.start))
            async for request in requests:
                if request.WhichOneof("event") != "picture":
                    raise InvalidRequest("after `start`, send pictures only")
                picture = request.picture
                await loop.run_in_executor(pool, lambda data=picture: counting.take(data))
            return counting.result()


class _Counting:
    def __init__(self, vault: Vault, start: pb.MeasureLikenessStart) -> None:
        embeddings = [
            np.frombuffer(vault.get(start.identity, each), np.float32).astype(np.float64)
            for each in vault.list_objects(start.identity, EMBEDDING)
        ]
        if not embeddings:
            raise NotEnrolled(f"{start.identity} has no pictures: pass an enrolment session first")
        consent = vault.valid_consent(start.identity)
        vault.database.run(
            lambda connection: audit.append(connection, vault.now(), "measure", consent.subject)
        )
        self._recogniser = FaceRecogniser()
        self._own = _Tally(mean_embedding(embeddings))
        self._others = {
            other.name: _Tally(self._only_face(other.name, other.picture))
            for other in start.impostors
        }
        self._pictures = self._faces = 0

    def take(self, data: bytes) -> None:
        """One picture."""
        if self._pictures >= MOST_PICTURES:
            raise TooManyFrames(f"at most {MOST_PICTURES} pictures are measured at once")
        faces = self._recogniser.describe(_decoded(data))
        self._pictures += 1
        self._faces += bool(faces)
        self._own.add(faces)
        for tally in self._others.values():
            tally.add(faces)

    def result(self) -> pb.MeasureLikenessResponse:
        """All counts."""
        return pb.MeasureLikenessResponse(
            pictures=self._pictures,
            faces=self._faces,
            matches=self._own.matches,
            distance=self._own.median,
            impostors=[
                pb.ImpostorLikeness(
                    name=name,
                    matches=tally.matches,
                    distance=tally.median,
                    enrolled_distance=distance(tally.person, self._own.person),
                )
                for name, tally in self._others.items()
            ],
        )

    def _only_face(self, name: str, picture: bytes) -> Embedding:
        faces = self._recogniser.describe(_decoded(picture))
        if not faces:
            raise InvalidRequest(
                f"no face was found in the picture of the impostor {name!r}: give another one",
                field="impostors",
            )
        return faces[0]


def _decoded(data: bytes) -> np.ndarray:
    if len(data) > MOST_BYTES:
        raise FrameTooLarge(f"a picture of {len(data)} bytes: send at most {MOST_BYTES}")
    image = decode_picture(data)
    if image.shape[0] * image.shape[1] > MOST_PIXELS:
        raise FrameTooLarge(f"a picture of {image.shape[1]}x{image.shape[0]}: send smaller ones")
    return image

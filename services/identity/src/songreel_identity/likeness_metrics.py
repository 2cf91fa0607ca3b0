"""Counts the pictures in which an enrolled person is recognised, and those that show others."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from songreel_kit.errors import InvalidRequest, NotEnrolled, TooManyFrames

from songreel_identity.faces.embeddings import Embedding, distance
from songreel_identity.faces.pictures import PictureDecoder
from songreel_identity.faces.recognition import SAME_PERSON, FaceRecogniser, mean_embedding, nearest
from songreel_identity.vault import audit
from songreel_identity.vault.records import EMBEDDING
from songreel_identity.vault.vault import Vault

MAX_PICTURES = 20_000
MAX_IMPOSTORS = 100


@dataclass(frozen=True)
class Impostor:
    """Somebody else, whom the pictures should not show."""

    name: str
    picture: bytes
    """JPEG or PNG with one face."""


@dataclass(frozen=True)
class ImpostorLikeness:
    """How often an impostor is recognised."""

    name: str
    matches: int
    """Pictures whose nearest face is within `SAME_PERSON` of the impostor."""
    distance: float
    """Median over the pictures with a face; 0 where there is none."""
    enrolled_distance: float
    """Of the impostor's own picture to the enrolled pictures."""


@dataclass(frozen=True)
class Likeness:
    """How often the enrolled person is recognised."""

    pictures: int
    faces: int
    """Pictures with a face."""
    matches: int
    """Pictures whose nearest face is within `SAME_PERSON` of the enrolled pictures."""
    distance: float
    """Median over the pictures with a face; 0 where there is none."""
    impostors: tuple[ImpostorLikeness, ...]


class LikenessMetrics:
    """Measures pictures and keeps none."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def measure(
        self, name: str, impostors: Sequence[Impostor], pictures: AsyncIterator[bytes]
    ) -> Likeness:
        """Measures all pictures of the stream, each a JPEG or PNG.

        Raises `InvalidRequest`, `NotEnrolled`, `IdentityNotFound`, `ConsentWithdrawn`,
        `BadFrame`, `FrameTooLarge`, `TooManyFrames`.
        """
        if len(impostors) > MAX_IMPOSTORS:
            raise InvalidRequest(f"at most {MAX_IMPOSTORS} impostors can be compared")
        loop = asyncio.get_running_loop()
        # dlib is not thread-safe: one thread of its own.
        with (
            contextlib.closing(PictureDecoder()) as decoder,
            ThreadPoolExecutor(max_workers=1, thread_name_prefix="songreel-likeness") as pool,
        ):
            measurement = await loop.run_in_executor(
                pool, lambda: _Measurement(self._vault, name, impostors, decoder)
            )
            async for picture in pictures:
                await loop.run_in_executor(pool, measurement.add, picture)
            return measurement.result()


@dataclass
class _Distances:
    """Distances of the nearest faces to one person, one for each picture with a face."""

    person: Embedding
    values: list[float] = field(default_factory=list[float])

    def add(self, faces: Sequence[Embedding]) -> None:
        found = nearest(faces, self.person)
        if found is not None:
            self.values.append(found)

    @property
    def matches(self) -> int:
        return sum(each < SAME_PERSON for each in self.values)

    @property
    def median(self) -> float:
        return statistics.median(self.values) if self.values else 0.0


class _Measurement:
    def __init__(
        self, vault: Vault, name: str, impostors: Sequence[Impostor], decoder: PictureDecoder
    ) -> None:
        self._decoder = decoder
        embeddings = [
            np.frombuffer(vault.get(name, each), np.float32).astype(np.float64)
            for each in vault.list_objects(name, EMBEDDING)
        ]
        if not embeddings:
            raise NotEnrolled(f"{name} has no pictures: pass an enrolment session first")
        consent = vault.valid_consent(name)
        vault.database.run(
            lambda connection: audit.append(connection, vault.now(), "measure", consent.subject)
        )
        self._recogniser = FaceRecogniser()
        self._own = _Distances(mean_embedding(embeddings))
        self._others = {each.name: _Distances(self._face_of(each)) for each in impostors}
        self._pictures = self._faces = 0

    def add(self, picture: bytes) -> None:
        if self._pictures >= MAX_PICTURES:
            raise TooManyFrames(f"at most {MAX_PICTURES} pictures are measured at once")
        faces = self._recogniser.embed(self._decoder.decode(picture))
        self._pictures += 1
        self._faces += bool(faces)
        for person in (self._own, *self._others.values()):
            person.add(faces)

    def result(self) -> Likeness:
        return Likeness(
            pictures=self._pictures,
            faces=self._faces,
            matches=self._own.matches,
            distance=self._own.median,
            impostors=tuple(
                ImpostorLikeness(
                    name, other.matches, other.median, distance(other.person, self._own.person)
                )
                for name, other in self._others.items()
            ),
        )

    def _face_of(self, impostor: Impostor) -> Embedding:
        faces = self._recogniser.embed(self._decoder.decode(impostor.picture))
        if not faces:
            raise InvalidRequest(
                f"no face was found in the picture of the impostor {impostor.name!r}: give "
                "another one",
                field="impostors",
            )
        return faces[0]

"""Removes from an artifact store what nobody has a use for any more.

An artifact stays when somebody `keeps` it (the gateway: it is media of a project) or when
it is young: stored, found again or used for a result within `age`. Whoever uses an old one
again makes it young first (`ArtifactStore.lookup`, a repeated upload), so an age of some
days lets every job that is under way end in peace.

Keys, which only spare work, are forgotten at the same age; what they led to goes with them
unless it is kept. What a document behind a young key names (a result, its video) stays, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from songreel_kit.artifacts.documents import MAX_DOCUMENT_BYTES
from songreel_kit.artifacts.documents import MEDIA_TYPE as DOCUMENT
from songreel_kit.artifacts.store import ArtifactStore, Held
from songreel_kit.errors import ArtifactCorrupt, ArtifactNotFound, InvalidRequest

LEAST_AGE = timedelta(days=2)
"""Twice the age at which a used artifact is made young again."""

_BATCH = 500
_HASH = re.compile(r"\b[0-9a-f]{64}\b")

Keeps = Callable[[list[str]], set[str]]
"""Which of these SHA-256 somebody keeps; asked shortly before they would go."""


@dataclass(frozen=True)
class Collected:
    """What a collection came to."""

    examined: int
    removed: int
    removed_bytes: int
    keys: int
    """Keys that were forgotten."""


def collect_garbage(
    store: ArtifactStore,
    keeps: Keeps,
    age: timedelta,
    *,
    dry_run: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Collected:
    """Removes what is older than `age` and kept by nobody.

    Args:
        store: The store.
        keeps: Who keeps what.
        age: At least `LEAST_AGE`.
        dry_run: Only counts.
        now: The time.

    Raises:
        InvalidRequest: The age is too short to be safe.
        ServiceUnavailable: The store went away; what was removed by then is gone.
    """
    if age < LEAST_AGE:
        raise InvalidRequest(
            f"artifacts have to be at least {LEAST_AGE.days} days old before they are removed: "
            "younger ones may belong to a job that is under way"
        )
    before = now() - age
    old_keys: list[str] = []
    named: set[str] = set()
    for key, bound in store.bound():
        if bound < before:
            old_keys.append(key)
        else:
            named |= _named_by(store, key)
    if not dry_run:
        for key in old_keys:
            store.unbind(key)
    examined = removed = size = 0
    for batch in _batches(store.held()):
        examined += len(batch)
        old = [each for each in batch if each.modified < before and each.sha256 not in named]
        kept = keeps([each.sha256 for each in old]) if old else set[str]()
        for each in old:
            if each.sha256 not in kept and (dry_run or store.discard(each)):
                removed += 1
                size += each.size
    return Collected(examined, removed, size, len(old_keys))


def erase(store: ArtifactStore, hashes: Iterable[str]) -> int:
    """Removes bytes at once, whatever their age; the number of those that were there.

    For what must not be kept. Whoever reads one of them at this moment reads it to its end.
    """
    ever = datetime.max.replace(tzinfo=UTC)
    return sum(store.discard(Held(each, 0, ever)) for each in set(hashes))


def unbind_all(store: ArtifactStore, hashes: Iterable[str]) -> None:
    """Forgets the keys that lead to these artifacts, while they are there."""
    wanted = set(hashes)
    for key, _ in list(store.bound()):
        artifact = store.lookup(key, renew=False)
        if artifact is not None and artifact.sha256 in wanted:
            store.unbind(key)


def keys_naming(store: ArtifactStore, sha256: str) -> list[str]:
    """Keys that lead to an artifact, or to a document that names it."""
    return [key for key, _ in store.bound() if sha256 in _named_by(store, key)]


def _batches(held: Iterable[Held]) -> Iterator[list[Held]]:
    rest = iter(held)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _named_by(store: ArtifactStore, key: str) -> set[str]:
    """The artifact behind a key, and all that its document names."""
    artifact = store.lookup(key, renew=False)
    if artifact is None:
        return set()
    named = {artifact.sha256}
    if artifact.media_type == DOCUMENT and artifact.size <= MAX_DOCUMENT_BYTES:
        try:
            named |= set(_HASH.findall(store.read_bytes(artifact).decode("utf-8", "replace")))
        except (ArtifactCorrupt, ArtifactNotFound):
            return named  # it leads nowhere
    return named

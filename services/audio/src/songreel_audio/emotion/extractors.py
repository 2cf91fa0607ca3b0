"""The emotion extractors by name, behind one interface: `emotion.Extractor`."""

from collections.abc import Callable, Mapping
from pathlib import Path

from songreel_kit.errors import UnknownExtractor

from songreel_audio.emotion import emotion, librosa_extractor, opensmile_extractor

DEFAULT = "librosa"

_CREATE: Mapping[str, Callable[[Path | None], emotion.Extractor]] = {
    "librosa": librosa_extractor.create,
    "opensmile": opensmile_extractor.create,
    "rules": lambda weights: emotion.by_rules,
}
NAMES = tuple(_CREATE)


def uses_features(name: str) -> bool:
    """Whether the extractor of this name judges by `emotion_features`."""
    return (name or DEFAULT) == librosa_extractor.NAME


def choose(name: str, weights_folder: Path | None = None) -> emotion.Extractor:
    """The extractor of this name, the default for "".

    Args:
        name: one of `NAMES`, or "".
        weights_folder: where NAME.npz lies when the user has trained a network.

    Raises:
        UnknownExtractor: there is none of this name.
        ModelMissing: it needs a package or a network that is not there.
    """
    name = name or DEFAULT
    create = _CREATE.get(name)
    if create is None:
        raise UnknownExtractor(
            f"there is no emotion extractor {name!r}; choose one of: {', '.join(NAMES)}",
            extractor=name,
        )
    own = weights_folder / f"{name}.npz" if weights_folder else None
    return create(own if own and own.is_file() else None)

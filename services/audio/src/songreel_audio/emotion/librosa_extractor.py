"""The default emotion extractor: own librosa-type features into a network trained on DEAM."""

from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

from songreel_kit.errors import ModelMissing

from songreel_audio.emotion import curves, features
from songreel_audio.emotion.emotion import Emotion, ExtractorInput
from songreel_audio.emotion.network import Network, load

NAME = "librosa"
NOTE = (
    "the emotion network was trained on DEAM (CC BY-NC): for research only; the extractor "
    '"rules" is free of that'
)


class LibrosaExtractor:
    """Judges with `network`."""

    def __init__(self, network: Network) -> None:
        if network.extractor != NAME or len(network.middle) != features.INPUTS:
            raise ModelMissing(
                f"the emotion network takes {len(network.middle)} features of "
                f"{network.extractor!r}, not {features.INPUTS} of {NAME!r}; train it "
                "again with songreel-audio train-emotion"
            )
        self._network = network

    def __call__(self, song: ExtractorInput) -> Emotion:
        """Valence and arousal of the song."""
        seconds = song.features or features.collect(song.samples, song.gain)
        clips = seconds.windows(curves.CLIP_SECONDS)
        moments = seconds.windows(curves.MOMENT_SECONDS)
        return curves.emotion_of(
            self._network,
            features.inputs(clips),
            features.inputs(moments),
            curves.audible(seconds.sums[:, 0] / seconds.frames),
            NOTE,
        )


def create(weights: Path | None) -> LibrosaExtractor:
    """With the user's own `weights`, or with those of the package. Raises `ModelMissing`."""
    return LibrosaExtractor(load(weights) if weights else _shipped())


@lru_cache(maxsize=1)
def _shipped() -> Network:
    with as_file(files("songreel_audio.emotion") / "weights.npz") as path:
        return load(path)

"""From a network's judgement of windows to the emotion of a song over time."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from songreel_audio.emotion.emotion import Emotion, quadrant
from songreel_audio.emotion.network import Network

Doubles = NDArray[np.float64]

CLIP_SECONDS = 45
"""Length of DEAM's clips: the song is judged in windows like those trained on."""
MOMENT_SECONDS = 15
"""Windows of the curve: shorter, so that a chorus shows; long enough to hear a key."""
_SMOOTHING_SECONDS = 1.5


def emotion_of(
    network: Network, clips: Doubles, moments: Doubles, audible: NDArray[np.bool_], note: str
) -> Emotion:
    """Emotion from the features (seconds, inputs) of long `clips` and short `moments`.

    Both hold a window around each second. The song's value is the mean over the `audible`
    (seconds,) clips; the curve follows the moments, moved so that its mean is the song's.
    """
    predicted, deviation = network.predict(clips)
    valence, arousal = predicted[audible].mean(axis=0)
    spread = deviation[audible].mean(axis=0)
    curve = gaussian_filter1d(network.predict(moments)[0], _SMOOTHING_SECONDS, axis=0)
    # What short windows do to key strengths is the same all along, and no change of mood.
    curve = np.clip(curve + ((valence, arousal) - curve[audible].mean(axis=0)), -1.0, 1.0)
    return Emotion(
        valence=float(valence),
        arousal=float(arousal),
        valence_std=float(spread[0]),
        arousal_std=float(spread[1]),
        quadrant=quadrant(float(valence), float(arousal)),
        curve=tuple((float(second), float(v), float(a)) for second, (v, a) in enumerate(curve)),
        extractor=network.extractor,
        warnings=(note,),
    )


def audible(loudness: Doubles) -> NDArray[np.bool_]:
    """Seconds within 40 dB of the loudest, from root mean squares (seconds,)."""
    return loudness >= loudness.max() * 0.01

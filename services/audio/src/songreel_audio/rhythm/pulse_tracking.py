"""A chain of pulses through the onset strength, by dynamic programming (Ellis 2007)."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from songreel_audio.spectrum import Floats

Doubles = NDArray[np.float64]


def track_pulses(strength: Floats, period: Doubles, tightness: float = 80.0) -> NDArray[np.intp]:
    """Frames of the pulses that best join strong onsets at distances near `period`.

    Args:
        strength: (frames,) onset strength.
        period: (frames,) expected distance to the pulse before, in frames.
        tightness: how much the logarithm of a distance may differ from that of the period.
    """
    frames = len(strength)
    smooth = gaussian_filter1d(strength.astype(np.float64), 1.5)
    smooth = np.minimum(smooth / (smooth.std() + 1e-9), 6.0)
    score = smooth.copy()
    back = np.full(frames, -1, np.intp)
    shortest = np.maximum((period * 0.6).astype(int), 1)
    longest = (period * 1.65).astype(int) + 1
    for frame in range(frames):
        first, last = frame - longest[frame], frame - shortest[frame]
        if last < 0:
            continue
        first = max(first, 0)
        distance = np.arange(frame - first, frame - last - 1, -1, dtype=np.float64)
        reach = score[first : last + 1] - tightness * np.log(distance / period[frame]) ** 2
        best = int(reach.argmax())
        score[frame] += reach[best]
        back[frame] = first + best
    tail = max(frames - round(float(period[-1])), 0)
    at = tail + int(score[tail:].argmax())
    pulses: list[int] = []
    while at >= 0:
        pulses.append(at)
        at = int(back[at])
    return np.array(pulses[::-1], np.intp)

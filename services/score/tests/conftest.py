"""Recordings for the tests of the score service."""

from pathlib import Path

import av
import numpy as np
import pytest

SHARED = Path(__file__).parents[3].parent / "shared" / "data"


@pytest.fixture
def speech_samples():
    """Twelve seconds of real speech at 48 kHz, (n,) float32."""
    path = SHARED / "music" / "speech-198-209-0000.ogg"
    if not path.exists():
        pytest.skip("the shared recordings are not here")
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "mono", 48_000)
        parts = [
            p.to_ndarray()[0] for f in container.decode(audio=0) for p in resampler.resample(f)
        ]
    return np.concatenate(parts)[: 12 * 48_000]

from __future__ import annotations

from pathlib import Path

import pytest

FACES = Path(__file__).resolve().parents[4] / "shared" / "data" / "faces"


@pytest.fixture(scope="session")
def faces() -> Path:
    if not FACES.exists():
        pytest.skip("the pictures of faces are not on this machine")
    return FACES

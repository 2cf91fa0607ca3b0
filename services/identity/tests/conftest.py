from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Tests are imported by path (importlib mode), so the puppet needs a way in.
sys.path.insert(0, str(Path(__file__).parent))

FACES = Path(__file__).resolve().parents[4] / "shared" / "data" / "faces"


@pytest.fixture(scope="session")
def faces() -> Path:
    if not FACES.exists():
        pytest.skip("the pictures of faces are not on this machine")
    return FACES

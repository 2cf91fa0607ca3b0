from __future__ import annotations

from pathlib import Path

import pytest
from songreel_testing.identity.vault_harness import VaultHarness

FACES = Path(__file__).resolve().parents[4] / "shared" / "data" / "faces"


@pytest.fixture(scope="session")
def faces() -> Path:
    if not FACES.exists():
        pytest.skip("the pictures of faces are not on this machine")
    return FACES


@pytest.fixture
def harness(tmp_path):
    harness = VaultHarness(tmp_path)
    yield harness
    harness.database.close()

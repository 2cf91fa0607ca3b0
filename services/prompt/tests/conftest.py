from __future__ import annotations

import sys
from pathlib import Path

import pytest
from songreel_prompt.styles import Style, load_styles

# Tests are imported by path (importlib mode), so their made-up songs need a way in.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def styles() -> dict[str, Style]:
    return dict(load_styles())

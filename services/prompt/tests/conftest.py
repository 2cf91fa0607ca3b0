from __future__ import annotations

import pytest
from songreel_prompt.styles import Style, load_styles


@pytest.fixture(scope="session")
def styles() -> dict[str, Style]:
    return dict(load_styles())

"""Each service can be deployed alone: it must not load what only others need."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "diffusers", "transformers", "librosa", "av", "dbos", "matplotlib"}
# What each entry point may load of the heavy packages when it is imported.
MAY_LOAD = {
    "songreel_kit.server.server": set(),
    "songreel_client": set(),
    "songreel_prompt.service": set(),
    "songreel_gateway.service": {"dbos"},
    "songreel_audio.service": set(),
    "songreel_identity.service": set(),
    "songreel_render.service": set(),
    "songreel_score.service": {"av"},
    "songreel_app.__main__": set(),
}


@pytest.mark.parametrize("module", sorted(MAY_LOAD))
def test_importing_a_service_loads_only_what_it_needs(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()
    surplus = HEAVY & set(loaded) - MAY_LOAD[module]
    assert not surplus, f"importing {module} loads {', '.join(sorted(surplus))}"

"""`python -m bench [NAME ...]` runs the named benchmarks, or all of them."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

from bench import data

BENCHMARKS = {
    "prompt": "faults of a language model's server and what came of them; checks",
    "whole": "the main job on real songs: time, memory, sync, sound",
    "identity": "liveness: accept and reject rates of simulated sessions (an hour or more)",
    "audio": "how well songs are heard: beats, voices, mood, cost; beside librosa",
    "render": "memory, speed, motion and resuming of the renderer, on random weights",
}


def main() -> None:
    """Runs them one after the other."""
    listing = "\n".join(f"  {name:12} {about}" for name, about in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="bench",
        description=f"{__doc__}\n\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], default=[])
    parser.add_argument("--data", type=Path, help="folder of the data; default: ../shared/data")
    options = parser.parse_args()
    if options.data:
        os.environ[data.VARIABLE] = str(options.data)
    # The long one runs only when it is asked for.
    for name in options.names or [name for name in BENCHMARKS if name != "identity"]:
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()

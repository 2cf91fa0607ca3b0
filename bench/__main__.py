"""`python -m bench [NAME ...]` runs the named benchmarks, or all of them."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

from bench import data

BENCHMARKS = {
    "animatic": "movement, accents on beats, flicker, speed and memory of the animatic",
    "prompt": "how storyboards survive faults of a language model's server; which checks fire",
    "make": "`songreel make` on real songs: time, memory, sync, sound",
    "liveness": "accept and reject rates of simulated enrolments (an hour or more)",
    "embeddings": "distances between embeddings of one face in its poses, and of two faces",
    "likeness": "how often enrolled people are recognised in their videos (five minutes each)",
    "audio": "accuracy of the analysis, compared with librosa: beats, voices, mood, cost",
    "platform": "gateways under faults and under load (needs Postgres; half an hour)",
    "score": "soundtracks: length, loudness, onsets at cuts, mood and harmony of the notes, cost",
    "render": "memory, speed, motion and resuming of the renderer, with random weights",
}

LONG = ("liveness", "likeness", "platform")


def main() -> None:
    """Runs the benchmarks one after the other."""
    listing = "\n".join(f"  {name:12} {about}" for name, about in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="bench",
        description=f"{__doc__}\n\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], default=[])
    parser.add_argument("--data", type=Path, help="folder of the data; default: ../shared/data")
    parser.add_argument(
        "--gpu", action="store_true", help="with render: only the figures that need a GPU"
    )
    options = parser.parse_args()
    if options.gpu and options.names != ["render"]:
        parser.error("--gpu goes with `render` alone")
    if options.data:
        os.environ[data.VARIABLE] = str(options.data)
    # Long benchmarks run only when named.
    for name in options.names or [name for name in BENCHMARKS if name not in LONG]:
        module = importlib.import_module(f"bench.{name}")
        module.main(gpu=True) if options.gpu else module.main()


if __name__ == "__main__":
    main()

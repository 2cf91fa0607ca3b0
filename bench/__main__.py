"""`python -m bench [NAME ...]` runs the named benchmarks, or all of them."""

from __future__ import annotations

import argparse
import importlib

BENCHMARKS = {
    "whole": "the main job on real songs: time, memory, sync, sound",
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
    for name in parser.parse_args().names or BENCHMARKS:
        importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()

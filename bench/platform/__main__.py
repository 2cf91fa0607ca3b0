"""`python -m bench.platform NAME [options]`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    names = sorted(
        path.stem
        for path in Path(__file__).parent.glob("*.py")
        if not path.stem.startswith("_") and path.stem != "bare"
    )
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        sys.exit(f"give one of {', '.join(names)}; --help after it says what it takes")
    importlib.import_module(f"bench.platform.{sys.argv[1]}").main(sys.argv[2:])

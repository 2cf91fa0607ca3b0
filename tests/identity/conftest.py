"""People in videos: the identity and the render service together, on one server."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for service in ("identity", "render"):
    # Their tests know how to enrol without a camera and how to make a small song.
    sys.path.append(str(ROOT / "services" / service / "tests"))
# The gateway's know how to give out certificates and keys.
sys.path.append(str(ROOT / "gateway" / "tests"))

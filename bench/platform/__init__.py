"""`python -m bench.platform chaos|load`: the gateways under faults, and under load.

Both start their own Postgres (Debian's package), S3 (rclone), gateways and stages.
"""

from __future__ import annotations

from bench.platform import chaos, load


def main() -> None:
    """Both, in a short version, for `python -m bench platform`."""
    chaos.main(["--runs", "10"])
    load.main([])

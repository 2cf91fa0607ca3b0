"""How many processors this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Final

_CGROUP: Final = Path("/sys/fs/cgroup")


def processors(cgroup: Path = _CGROUP) -> int:
    """At least 1: the processors of the affinity, and no more than the cgroup's quota pays for.

    A quota of 1.5 processors is 2: their threads share what there is, and none spins.

    Args:
        cgroup: where the process's control group is mounted, version 2 or 1.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Not on macOS.
    available = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = _quota(cgroup)
    return max(1, available if quota is None else min(available, math.ceil(quota)))


def _quota(cgroup: Path) -> float | None:
    """Processors that the quota pays for; None where there is none."""
    try:
        if (limit := cgroup / "cpu.max").exists():
            quota, period = limit.read_text().split()[:2]
        else:
            quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text().strip()
        share = float(quota) / float(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max", or no such file
        return None
    return share if share > 0 else None

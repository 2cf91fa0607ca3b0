"""What rendering counts for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

FRAMES_DRAWN = Counter(
    "songreel_render_frames_drawn", "Frames drawn; its rate is frames per second."
)

RENDERS_WORKING = Gauge("songreel_render_working", "Renders at work.")

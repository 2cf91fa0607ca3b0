"""What every test run needs, in its workers too."""

from __future__ import annotations

import signal

# A shell starts what it runs in the background with SIGINT ignored, and the commands that the
# tests start and then interrupt would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

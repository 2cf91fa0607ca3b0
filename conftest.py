"""What every test run needs, in its workers too."""

from __future__ import annotations

import signal

from hypothesis import settings

# A shell starts what it runs in the background with SIGINT ignored, and the commands that the
# tests start and then interrupt would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no fault of the code: nothing is asserted by the clock.
settings.register_profile("songreel", deadline=None)
settings.load_profile("songreel")

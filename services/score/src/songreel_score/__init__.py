"""A video gets a soundtrack of its own: watched, planned, composed, performed, mixed."""

import songreel_kit as songreel_kit  # Says how threads wait, before torch or numba load.

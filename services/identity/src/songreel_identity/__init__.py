"""The identity service: CHARCHA, consent, the vault and grants."""

import songreel_kit as songreel_kit  # Says how threads wait, before torch or numba load.

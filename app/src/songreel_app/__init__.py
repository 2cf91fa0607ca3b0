"""The `songreel` command: composition root and command line client."""

import songreel_kit as songreel_kit  # Quiets gRPC and says how threads wait, before they load.

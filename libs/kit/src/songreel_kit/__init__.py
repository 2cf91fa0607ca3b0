"""What every songreel service shares: server, channel, errors, settings, artifacts, telemetry."""

import os

# gRPC's core writes to stderr on its own, harmless connection news at its usual
# level; it reads this once, when grpc is first imported.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

"""What every songreel service shares: server, channel, errors, settings, artifacts, telemetry."""

import os

# gRPC's core writes to stderr on its own, harmless connection news at its usual
# level; it reads this once, when grpc is first imported.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
# Threads of torch and numba that wait for each other sleep instead of spinning: beside one busy
# neighbour spinning makes the same work take up to seven times the processor time. OpenMP reads
# this when it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

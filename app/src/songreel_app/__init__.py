"""The `songreel` command: composition root and command line client."""

import os

# gRPC's core writes its own lines to stderr, where a user expects one; it reads
# this when it is first loaded.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

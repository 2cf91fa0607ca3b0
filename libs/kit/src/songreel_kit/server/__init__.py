"""gRPC servers: settings, start, stop."""

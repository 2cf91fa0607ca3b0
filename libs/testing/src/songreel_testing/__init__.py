"""Real servers, fake stages, tiny checkpoints and puppets for tests and benchmarks."""

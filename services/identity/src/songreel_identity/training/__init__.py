"""Trains an adapter (LoRA) of a person; knows no vault and no gRPC."""

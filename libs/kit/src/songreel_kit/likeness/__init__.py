"""What trainer, renderer and identity service agree on: adapters, grants, sealing."""

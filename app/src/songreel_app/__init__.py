"""The `songreel` command: composition root and command line client."""

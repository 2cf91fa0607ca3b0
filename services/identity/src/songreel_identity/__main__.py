"""Serves the identity service alone: `python -m songreel_identity`."""

from songreel_identity.commands import run, serve

if __name__ == "__main__":
    import sys

    sys.argv[1:] = sys.argv[1:] or [serve.__name__]
    run()

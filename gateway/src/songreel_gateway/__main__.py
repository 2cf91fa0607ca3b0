"""`python -m songreel_gateway`: serves the gateway alone; or any `songreel-gateway` command."""

import sys

from songreel_gateway.commands import run, serve

if __name__ == "__main__":
    sys.argv[1:] = sys.argv[1:] or [serve.__name__]
    run()

"""Entry point of the `songreel` command."""

import sys


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    from songreel_app.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

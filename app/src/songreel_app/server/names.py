"""Resource names from their short forms."""

from songreel_kit.errors import InvalidName


def identity_name(name: str, parent: str) -> str:
    """Resource name of the person `name` in the project `parent`; a whole name stays as it is."""
    return name if "/" in name else f"{parent}/identities/{name}"


def job_name(name: str, parent: str) -> str:
    """Resource name of the job `name` in the project `parent`; a whole name stays as it is.

    Raises:
        InvalidName: it cannot be a job's.
    """
    if name.startswith(f"{parent}/operations/"):
        return name
    if "/" in name or not name:
        raise InvalidName(
            f"{name!r} is not a job's name; `songreel jobs` lists the jobs", name=name
        )
    return f"{parent}/operations/{name}"

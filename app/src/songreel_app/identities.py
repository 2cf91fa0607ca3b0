"""Names of enrolled people, as short as they are typed."""

from songreel_app.session import PROJECT


def full_name(name: str) -> str:
    """`ann` as `projects/local/identities/ann`; a whole name stays as it is."""
    return name if "/" in name else f"projects/{PROJECT}/identities/{name}"

"""Names of enrolled people, as short as they are typed."""


def full_name(name: str, parent: str) -> str:
    """`ann` in the project `parent`, `projects/{project}`; a whole name stays as it is."""
    return name if "/" in name else f"{parent}/identities/{name}"

"""People: enrolled, and measured in finished videos."""

"""The gateway's tables, migrations and data folder."""

"""Databases: SQLite and Postgres behind one class, and the migrations of their tables."""

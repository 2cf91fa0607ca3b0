"""CHARCHA's liveness session: actions, checks and decisions."""

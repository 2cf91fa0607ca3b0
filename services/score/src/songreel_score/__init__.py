"""A video gets a soundtrack of its own: watched, planned, composed, performed, mixed."""

"""What happens to every call on a server."""

"""The embedded server, the way to servers elsewhere, and the client of both."""

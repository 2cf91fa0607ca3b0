"""The gateway's page for browsers, a client of the gateway's own public API."""

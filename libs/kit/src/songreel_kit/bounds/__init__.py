"""What requests may ask for: one place for the gateway, which refuses at once, and the services."""

"""The vault: people, consents, pictures and adapters, encrypted."""

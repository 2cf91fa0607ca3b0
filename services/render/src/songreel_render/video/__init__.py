"""Video files: encoding, sound, containers, content credentials."""

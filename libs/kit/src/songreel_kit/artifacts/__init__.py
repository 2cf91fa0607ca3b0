"""The artifact store and the documents in it."""

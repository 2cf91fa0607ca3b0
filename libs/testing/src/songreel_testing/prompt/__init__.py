"""Made-up songs and a misbehaving model server."""

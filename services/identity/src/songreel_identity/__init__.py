"""The identity service: CHARCHA, consent, the vault and grants."""

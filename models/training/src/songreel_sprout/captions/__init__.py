"""What scenes can show, and the captions that say it."""

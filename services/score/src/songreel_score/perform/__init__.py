"""From notes to a performance: instruments, loudness, timing, accents that can be heard."""

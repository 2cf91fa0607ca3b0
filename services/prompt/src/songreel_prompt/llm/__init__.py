"""The storyteller that asks a language model: any OpenAI-compatible server."""

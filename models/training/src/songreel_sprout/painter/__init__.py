"""The scene painter: a described scene in, a picture out."""

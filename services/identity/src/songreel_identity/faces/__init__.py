"""Faces in pictures: landmarks, embeddings, recognition."""

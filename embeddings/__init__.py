"""Texts as vectors: encoders, text preparation and a cache of vectors, with nothing of the platform in it."""

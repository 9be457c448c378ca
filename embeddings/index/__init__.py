"""Exact nearest rows by inner product, with every filter given to the search."""

"""Measures Grove beside its peers. Not part of the product."""

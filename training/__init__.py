"""Trains the table of words that ships with Grove. Not part of the product."""

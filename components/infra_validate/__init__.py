"""Proves that a model loads, fits and answers in the real server, before traffic."""

"""Nouns that cross a component boundary: config, artifacts, decisions, storage."""

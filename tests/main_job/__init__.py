"""Whole runs through the real pipeline, the real servers and the command line."""

"""Order: which step follows which, where it runs, and the one front door."""

"""Verbs: one folder a step; `<step>.py` works, `component.py` is its KFP interface."""

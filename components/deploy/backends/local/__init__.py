"""A rollout on this machine: two real predictors, replayed requests, late labels."""

from components.deploy.backends.local.backend import LocalBackend

__all__ = ["LocalBackend"]

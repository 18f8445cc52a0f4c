"""Every error that canario raises on purpose.

    CanarioError
    ├── BadInput                 exit 2: the user can mend it
    │   ├── ConfigError          a config file says something that is not allowed
    │   ├── DataError            the data cannot be read as the config describes it
    │   └── SpanConflict         a span was ingested before with other content
    ├── GateRefused              exit 1: everything worked, and the answer is no
    └── EnvironmentFault         exit 3: disk, network, missing interpreter, dead server

A message names the thing, what was expected, what was found, and what to do.
"""

from __future__ import annotations

__all__ = [
    "BadInput",
    "CanarioError",
    "ConfigError",
    "DataError",
    "EnvironmentFault",
    "GateRefused",
    "SpanConflict",
    "by_name",
]


class CanarioError(Exception):
    """Base of all; `exit_code` is what the command line ends with."""

    exit_code = 3


class BadInput(CanarioError):
    """Something that was given to us is wrong."""

    exit_code = 2


class ConfigError(BadInput):
    """A config file, at a line, says something that is not allowed."""


class DataError(BadInput):
    """A data file cannot be read as the config describes it."""


class SpanConflict(BadInput):
    """A span that was ingested before arrives again with other content."""


class GateRefused(CanarioError):
    """A gate looked at everything and said no."""

    exit_code = 1


class EnvironmentFault(CanarioError):
    """The machine failed us: disk full, no interpreter, a server that died."""

    exit_code = 3


def by_name(name: str) -> type[CanarioError]:
    """Return the error class called `name`; `CanarioError` when there is none.

    Steps run in processes of their own and report errors by name.
    """
    found = globals().get(name)
    if isinstance(found, type) and issubclass(found, CanarioError):
        return found
    return CanarioError

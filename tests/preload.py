"""What a warm worker imports for the tests: the server's libraries."""

import kserve  # noqa: F401

from serving.savedmodel import import_tensorflow

import_tensorflow()

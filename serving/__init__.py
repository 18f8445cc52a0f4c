"""The request path: a SavedModel behind KServe's Python model server."""

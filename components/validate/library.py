"""The one place that imports TFDV, which takes 3 s and talks while it does.

TFDV 1.16.1 and 1.21.0 publish the same names; only those are used.
"""

from __future__ import annotations

import contextlib
import io
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# It regrets at length that IPython is absent, and nobody here draws in a notebook.
with (
    contextlib.redirect_stdout(io.StringIO()),
    contextlib.redirect_stderr(io.StringIO()),
):
    import tensorflow_data_validation as tfdv

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

__all__ = ["anomalies_pb2", "schema_pb2", "statistics_pb2", "text_format", "tfdv"]

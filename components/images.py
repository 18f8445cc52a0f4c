"""The environments that steps run in, one image per dependency set.

The names contain `python` because kfp's local runner warns about images that do not.
"""

from __future__ import annotations

_TAG = "0.1.0"

BASE = f"canario/python-base:{_TAG}"
"""pyarrow, pydantic, scipy, matplotlib: every step without TensorFlow."""
VALIDATE = f"canario/python-validate:{_TAG}"
"""TensorFlow Data Validation, which pins its own TensorFlow, pyarrow and pandas."""
TRAIN = f"canario/python-train:{_TAG}"
"""TensorFlow, Keras and scikit-learn."""
SERVING = f"canario/python-serving:{_TAG}"
"""TensorFlow and KServe's model server."""

"""Load a SavedModel for serving: TensorFlow without Keras, one signature."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from contracts.artifacts import SAVED_MODEL
from contracts.errors import DataError
from contracts.signature import PROBABILITIES, Signature

__all__ = ["Infer", "import_tensorflow", "load"]

Infer = Callable[[Mapping[str, np.ndarray]], np.ndarray]
"""Inputs by argument, arrays (rows,), to probabilities, shape (rows, classes)."""


def import_tensorflow() -> ModuleType:
    """Import TensorFlow and leave Keras out when nobody has imported it yet.

    TensorFlow imports Keras when it finds it, and with it pandas, matplotlib and
    scikit-learn: half of the start-up time and 170 MB that a SavedModel, which is a
    graph with weights, has no use for.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    hide = "keras" not in sys.modules
    if hide:
        sys.modules["keras"] = None  # type: ignore[assignment]
    try:
        import tensorflow
    finally:
        if hide:
            del sys.modules["keras"]
    return tensorflow  # type: ignore[no-any-return]


def load(model_dir: Path, signature: Signature, threads: int) -> Infer:
    """Load `model_dir`/1 and return its serving function.

    Raises DataError when there is no SavedModel or its inputs or outputs are not
    the ones that the signature promises.
    """
    tf = import_tensorflow()
    _limit_threads(tf, threads)
    folder = model_dir / SAVED_MODEL
    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise DataError(f"{folder}: not a readable SavedModel: {error}") from error
    function = loaded.signatures.get("serving_default")
    if function is None:
        raise DataError(f"{folder}: no signature 'serving_default'")
    _check(folder, function, signature)
    concrete, groups = _packed(tf, function, signature)

    def infer(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        tensors = [tf.constant([inputs[n] for n in names], t) for names, t in groups]
        return np.asarray(concrete(*tensors).numpy())

    # The function does not keep the object alive that owns its weights.
    infer.__dict__["loaded"] = loaded
    return infer


def _packed(
    tf: Any, function: Any, signature: Signature
) -> tuple[Any, list[tuple[list[str], Any]]]:
    """Return the function of one stack of numbers and one of texts, and their names.

    Handing over one tensor costs 30 microseconds, so a row of nine inputs, one by
    one, costs as much as the model itself.
    """
    groups = []
    for datatype, dtype in (("FP32", tf.float32), ("BYTES", tf.string)):
        names = [s.argument for s in signature.inputs if s.datatype == datatype]
        if names:
            groups.append((names, dtype))

    @tf.function(
        input_signature=[tf.TensorSpec([len(names), None], t) for names, t in groups]
    )
    def packed(*stacks: Any) -> Any:
        inputs: dict[str, Any] = {}
        for (names, _), stack in zip(groups, stacks, strict=True):
            inputs.update(zip(names, tf.unstack(stack), strict=True))
        return function(**inputs)[PROBABILITIES]

    return packed.get_concrete_function(), groups


def _limit_threads(tf: Any, threads: int) -> None:
    """A row needs microseconds: handing it to a thread pool costs more than it."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:  # TensorFlow is running already, in a test for example
        return


def _check(folder: Path, function: Any, signature: Signature) -> None:
    found = sorted(function.structured_input_signature[1])
    promised = sorted(spec.argument for spec in signature.inputs)
    if found != promised:
        raise DataError(
            f"{folder}: signature.json promises the inputs {promised}, found {found}"
        )
    if PROBABILITIES not in function.structured_outputs:
        raise DataError(
            f"{folder}: expected the output '{PROBABILITIES}', "
            f"found {sorted(function.structured_outputs)}"
        )

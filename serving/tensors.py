"""V2 tensors to rows and back.

The Open Inference Protocol sends named columns of one batch, each of shape [rows] or
[rows, 1]. They become rows, so that `Signature.from_rows` is the one conversion for
both protocols.
"""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
from kserve import InferInput, InferOutput, InferRequest, InferResponse

from contracts.errors import BadInput
from contracts.signature import PROBABILITIES, Signature, TensorSpec

__all__ = ["input_types", "output_types", "response", "rows_of"]

CLASS = "class"
_NUMBERS = {"FP16", "FP32", "FP64", "BOOL"} | {
    f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)
}


def input_types(signature: Signature) -> list[dict[str, Any]]:
    """Return the V2 metadata of the inputs; -1 stands for any number of rows."""
    return [
        {"name": spec.name, "datatype": spec.datatype, "shape": [-1]}
        for spec in signature.inputs
    ]


def output_types(signature: Signature) -> list[dict[str, Any]]:
    """Return the V2 metadata of the outputs."""
    classes = len(signature.classes)
    return [
        {"name": PROBABILITIES, "datatype": "FP32", "shape": [-1, classes]},
        {"name": CLASS, "datatype": "BYTES", "shape": [-1]},
    ]


def rows_of(request: InferRequest, signature: Signature) -> list[dict[str, Any]]:
    """Return the rows of a V2 request; inputs that the model lacks are ignored.

    Raises BadInput that names the input and what was expected of it.
    """
    tensors = {tensor.name: tensor for tensor in request.inputs}
    missing = [spec.name for spec in signature.inputs if spec.name not in tensors]
    if missing:
        raise BadInput(
            f"input '{missing[0]}' is missing; found {', '.join(tensors) or 'none'}"
        )
    columns = {s.name: _column(tensors[s.name], s) for s in signature.inputs}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise BadInput(f"inputs must have equally many rows, found {lengths}")
    return [
        dict(zip(columns, values, strict=True))
        for values in zip(*columns.values(), strict=True)
    ]


def response(
    request: InferRequest,
    signature: Signature,
    probabilities: np.ndarray,
    decisions: np.ndarray,
) -> InferResponse:
    """Return the V2 answer: probabilities (rows, classes) and class names (rows,)."""
    names = np.asarray(signature.classes, dtype=object)[decisions]
    return InferResponse(
        response_id=request.id or str(uuid.uuid4()),
        model_name=request.model_name,
        infer_outputs=[
            InferOutput(
                PROBABILITIES, list(probabilities.shape), "FP32", probabilities
            ),
            InferOutput(CLASS, [*names.shape], "BYTES", names),
        ],
        use_binary_outputs=request.use_binary_outputs,
        requested_outputs=request.request_outputs,
    )


def _column(tensor: InferInput, spec: TensorSpec) -> list[Any]:
    """Return the values of one input, one a row. Raises BadInput."""
    allowed = _NUMBERS if spec.datatype == "FP32" else _NUMBERS | {"BYTES"}
    if tensor.datatype not in allowed:
        raise BadInput(
            f"input '{spec.name}': expected datatype {spec.datatype}, "
            f"found {tensor.datatype}"
        )
    shape = list(tensor.shape)
    if len(shape) not in (1, 2) or shape[1:] not in ([], [1]):
        raise BadInput(
            f"input '{spec.name}': expected shape [rows] or [rows, 1], found {shape}"
        )
    values = [v[0] if isinstance(v, list) and len(v) == 1 else v for v in tensor.data]
    if len(values) != shape[0]:
        raise BadInput(
            f"input '{spec.name}': shape {shape} promises {shape[0]} values, "
            f"found {len(values)}"
        )
    return values

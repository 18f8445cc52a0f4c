"""A real SavedModel small enough to be checked by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

CARRIERS = {"UA": 1.0, "AA": -1.0, "B6": 0.5, "DL": -0.5}


def probability(row: dict[str, Any], shift: float = 0.0) -> float:
    """P(late), in plain Python: the oracle of what the SavedModel computes."""
    minute = 720.0 if row["minute"] is None else row["minute"]
    logit = (minute - 720.0) / 240.0 + CARRIERS.get(row["carrier"] or "", 0.0) + shift
    return 1.0 / (1.0 + math.exp(-logit))


def golden_rows(count: int = 20) -> list[dict[str, Any]]:
    carriers = [*CARRIERS, "ZZ", None]
    return [
        {"minute": None if i % 7 == 6 else 60.0 * i, "carrier": carriers[i % 6]}
        for i in range(count)
    ]


def build(folder: Path, shift: float = 0.0) -> None:
    """Write a model folder whose logit is moved by `shift`."""
    from serving.savedmodel import import_tensorflow

    tf = import_tensorflow()
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            list(CARRIERS), tf.constant(list(CARRIERS.values()))
        ),
        default_value=0.0,
    )

    class Tiny(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = table

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.float32, "minute"),
                tf.TensorSpec([None], tf.string, "carrier"),
            ]
        )
        def score(self, minute: Any, carrier: Any) -> dict[str, Any]:
            minute = tf.where(tf.math.is_nan(minute), 720.0, minute)
            logit = (minute - 720.0) / 240.0 + self.table.lookup(carrier) + shift
            late = tf.sigmoid(logit)
            return {"probabilities": tf.stack([1 - late, late], axis=1)}

    model = Tiny()
    tf.saved_model.save(model, str(folder / "1"), {"serving_default": model.score})
    write_side_files(folder, shift)


def write_side_files(folder: Path, shift: float = 0.0) -> None:
    rows = golden_rows()
    late = [probability(row, shift) for row in rows]
    golden = {"rows": rows, "probabilities": [[1 - p, p] for p in late]}
    signature = {
        "task": "binary",
        "inputs": [
            {"name": "minute", "datatype": "FP32"},
            {"name": "carrier", "datatype": "BYTES"},
        ],
        "classes": ["on_time", "late"],
        "threshold": 0.5,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "golden.json").write_text(json.dumps(golden))
    (folder / "signature.json").write_text(json.dumps(signature))


def main(argv: list[str]) -> int:
    """Build the model folder argv[0] with its logit moved by argv[1]."""
    build(Path(argv[0]), float(argv[1]))
    return 0

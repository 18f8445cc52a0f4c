"""A world small enough for a test: flights whose delay grows or shrinks with the hour,
depending on the carrier. Logistic regression on the columns cannot learn that."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

from contracts.artifacts import Split, span_file

CARRIERS = ["AA", "B6", "UA"]
SLOPES = {"AA": 3.0, "B6": -3.0, "UA": 3.0}
CLASSES = ["on_time", "late"]


def flights(rows: int, seed: int) -> pa.Table:
    """Return examples in the layout of ingest; every tenth has no label."""
    rng = np.random.default_rng(seed)
    carrier = rng.choice(CARRIERS, rows)
    hour = rng.normal(size=rows)
    slope = np.array([SLOPES[name] for name in carrier])
    late = rng.random(rows) < 1 / (1 + np.exp(-slope * hour))
    return pa.table(
        {
            "example_id": [f"{seed:04x}{i:012x}" for i in range(rows)],
            "label": pa.array(late.astype("int32"), mask=np.arange(rows) % 10 == 9),
            "carrier": carrier.tolist(),
            "hour": hour,
        }
    )


def write_test_split(examples: Path, table: pa.Table) -> None:
    """Write a test split of two spans; there is no other split to read."""
    for span, part in enumerate([table[:500], table[500:]], start=1):
        file = span_file(examples, Split.TEST, span, 1)
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(part, file)


def write_features(transform_graph: Path, split: Split, table: pa.Table) -> None:
    """Write what transform leaves of the labelled rows."""
    labelled = table.filter(table["label"].is_valid())
    ids = [CARRIERS.index(name) + 1 for name in labelled["carrier"].to_pylist()]
    transform_graph.mkdir(exist_ok=True)
    np.savez(
        transform_graph / f"features-{split}.npz",
        numeric=np.asarray(labelled["hour"], dtype=np.float32)[:, None],
        categorical=np.array(ids, dtype=np.int32)[:, None],
        label=np.asarray(labelled["label"], dtype=np.int32),
    )


def write_statistics(folder: Path) -> None:
    """Write the counts of the training data's carriers."""
    counted = [[name, 400 - i] for i, name in enumerate(CARRIERS)]
    features = {"carrier": {"type": "STRING", "top": counted}}
    folder.mkdir()
    text = json.dumps({"datasets": {"split-train": {"features": features}}})
    (folder / "statistics.json").write_text(text)


def write_model(folder: Path, slopes: dict[str, float]) -> Path:
    """Write a real SavedModel that believes in `slopes`, with its signature."""

    class Believer(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            keys = tf.constant(list(slopes))
            values = tf.constant(list(slopes.values()))
            pairs = tf.lookup.KeyValueTensorInitializer(keys, values)
            self.slopes = tf.lookup.StaticHashTable(pairs, default_value=0.0)

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.float32, "hour"),
                tf.TensorSpec([None], tf.string, "carrier"),
            ]
        )
        def predict(self, hour: tf.Tensor, carrier: tf.Tensor) -> dict[str, tf.Tensor]:
            late = tf.sigmoid(self.slopes.lookup(carrier) * hour)
            return {"probabilities": tf.stack([1 - late, late], axis=1)}

    model = Believer()
    signatures = {"serving_default": model.predict}
    tf.saved_model.save(model, str(folder / "1"), signatures=signatures)
    inputs = [
        {"name": "hour", "datatype": "FP32"},
        {"name": "carrier", "datatype": "BYTES"},
    ]
    about = {"task": "binary", "inputs": inputs, "classes": CLASSES, "threshold": 0.5}
    (folder / "signature.json").write_text(json.dumps(about))
    return folder

"""The network behind the preprocessing.

Shapes: n rows, d numeric features, c categorical features, k classes.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from contracts.config.project import Task, TrainConfig
from contracts.features import Constants

__all__ = ["build", "cross_entropy", "embedding_size", "logits_of"]

_ROWS = 65_536  # rows a call: bounds the memory of activations


def build(
    constants: Constants, task: Task, classes: int, config: TrainConfig
) -> keras.Model:
    """Return the model from [numeric (n, d), categorical (n, c)] to logits (n, k).

    Each categorical feature gets an embedding of its own, joined with the numbers and
    followed by dense layers with dropout. L2 weighs all kernels and embeddings:
    l2 * sum of squares. A binary model has one free logit z and answers (0, z), whose
    softmax is (1 - sigmoid(z), sigmoid(z)).
    """
    penalty = keras.regularizers.L2(config.l2) if config.l2 else None
    numeric = keras.Input((len(constants.numeric_names),), name="numeric")
    ids = keras.Input((len(constants.categorical),), name="categorical", dtype="int32")
    parts = [numeric]
    for i, part in enumerate(constants.categorical):
        size = embedding_size(part.slots, config.embedding)
        table = layers.Embedding(part.slots, size, embeddings_regularizer=penalty)
        parts.append(table(ids[:, i]))
    hidden = layers.Concatenate()(parts) if len(parts) > 1 else numeric
    for width in config.hidden:
        hidden = layers.Dense(width, "relu", kernel_regularizer=penalty)(hidden)
        hidden = layers.Dropout(config.dropout)(hidden)
    free = 1 if task is Task.BINARY else classes
    logits = layers.Dense(free, kernel_regularizer=penalty)(hidden)
    if task is Task.BINARY:
        logits = ops.concatenate([ops.zeros_like(logits), logits], axis=1)
    return keras.Model([numeric, ids], logits, name="body")


def embedding_size(slots: int, largest: int) -> int:
    """Return half the number of ids, rounded up, and `largest` at most."""
    return min(largest, -(-slots // 2))


def cross_entropy(logits: Any, labels: Any) -> Any:
    """Return the loss of each row in nats, shape (n,), of labels (n,)."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def logits_of(
    body: keras.Model, numeric: np.ndarray, categorical: np.ndarray
) -> np.ndarray:
    """Return logits (n, k) as they are served: no dropout, no penalty."""
    parts = [
        body([numeric[start : start + _ROWS], categorical[start : start + _ROWS]])
        for start in range(0, max(1, len(numeric)), _ROWS)
    ]
    return np.concatenate([part.numpy() for part in parts])

"""Train: check, fit, export, prove, in this order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from components.train import body as network
from components.train.curves import diagnose, prior_loss
from components.train.export import (
    check_parity,
    check_widths,
    export,
    golden_probabilities,
)
from components.train.fitting import fit
from components.train.overfit import check, choose
from contracts.artifacts import HISTORY, PREPROCESSING, Split, write_json
from contracts.config.project import Task, TrainConfig
from contracts.features import Constants, Features
from contracts.signature import Signature
from contracts.storage import atomic_directory

__all__ = ["run"]


def run(
    transform_graph: str,
    task: str,
    classes: list[str],
    threshold: float,
    train: dict[str, Any],
    model: str,
) -> None:
    """Train on the materialised features and write the model folder.

    The same features, parameters and seed give the same weights. Raises DataError
    when the overfit check fails or the loss explodes, GateRefused when the exported
    model transforms or answers other than training did.
    """
    config = TrainConfig.model_validate(train)
    graph = Path(transform_graph)
    constants = Constants.load(graph)
    kind = Task(task)
    signature = Signature(
        task=kind, inputs=constants.inputs, classes=classes, threshold=threshold
    )
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()  # sums in one order, whatever runs
    body = network.build(constants, kind, len(classes), config)
    preprocessing = keras.saving.load_model(graph / PREPROCESSING)
    check_widths(preprocessing, constants)
    history = _learn(body, graph, constants, kind, config)
    with atomic_directory(Path(model)) as folder:
        export(folder, preprocessing, body, signature)
        expected = golden_probabilities(body, constants.golden)
        check_parity(folder, signature, constants, expected)
        write_json(folder / HISTORY, history)
    print(history["diagnosis"], flush=True)


def _learn(
    body: keras.Model,
    graph: Path,
    constants: Constants,
    task: Task,
    config: TrainConfig,
) -> dict[str, Any]:
    """Check and fit `body` in place; return what history.json holds."""
    examples = Features.load(graph, Split.TRAIN)
    checked = []
    if config.overfit_check:
        handful = choose(examples, constants, config.seed)
        checked = check(body, handful, config)
        print(f"overfit check: {len(handful.examples.label)} examples learnt by heart")
    fitted = fit(body, examples, Features.load(graph, Split.EVAL), task, config)
    return {
        "epochs": fitted.points,
        "kept": fitted.kept,
        "diagnosis": diagnose(fitted.points, prior_loss(examples.label)),
        "overfit_check": checked,
        "parameters": body.count_params(),
        "hyperparameters": config.model_dump(mode="json"),
    }

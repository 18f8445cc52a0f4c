"""The offline gate: is the candidate good enough to take traffic?

Candidate, baseline (the last blessed model) and two trivial models answer the same
labelled test examples. The rules of the blessing are in `comparison`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from components.evaluate import baseline as baselines
from components.evaluate import labelled, trivial
from components.evaluate.judging import BASELINE, CANDIDATE, Contest, judge
from components.evaluate.labelled import Labelled
from components.evaluate.must_pass import check
from components.evaluate.scoring import Scorer
from components.evaluate.values import Prediction
from contracts import artifacts
from contracts.artifacts import Split
from contracts.config import EvaluateConfig, SliceConfig
from contracts.errors import ConfigError, DataError
from contracts.features import Features
from contracts.signature import Signature
from contracts.storage import atomic_directory


def run(
    examples: Path | str,
    statistics: Path | str,
    transform_graph: Path | str,
    model: Path | str,
    baseline_uri: str,
    baseline_digest: str,
    task: str,
    classes: list[str],
    slices: list[dict[str, Any]],
    must_pass: list[dict[str, Any]],
    evaluate: dict[str, Any],
    evaluation: Path | str,
    verdict: Path | str,
) -> bool:
    """Judge `model`, write evaluation and verdict, return whether it is blessed.

    `baseline_uri` is empty when there is no baseline. Raises DataError when the test
    split cannot judge (no labels, one class, missing column), ConfigError when a model
    does not fit the project, EnvironmentFault when the baseline is not what it was.
    """
    config = EvaluateConfig.model_validate(evaluate)
    cuts = [SliceConfig.model_validate(item) for item in slices]
    counted = artifacts.read_json(Path(statistics) / artifacts.STATISTICS)
    candidate = Scorer(Path(model))
    baseline = _baseline(baseline_uri, baseline_digest)
    scorers = {CANDIDATE: candidate} | ({BASELINE: baseline} if baseline else {})
    for who, scorer in scorers.items():
        _fits(scorer.signature, task, classes, who)
    inputs = [spec.name for s in scorers.values() for spec in s.signature.inputs]
    rows = labelled.load(Path(examples), inputs, classes, cuts, counted)
    answers = {
        who: scorer.predict(scorer.signature.from_table(rows.table))
        for who, scorer in scorers.items()
    }
    contest = Contest(
        labels=rows.labels,
        slices=rows.slices,
        candidate=answers[CANDIDATE],
        baseline=answers.get(BASELINE),
        trivial=_trivial(Path(transform_graph), rows.labels, candidate.signature),
        must_pass=check(must_pass, candidate.signature, candidate.predict),
    )
    result, blessing = judge(contest, candidate.signature, config)
    result |= {
        "slice_values": rows.slice_values,
        "baseline_digest": baseline_digest or None,
    }
    _write(Path(evaluation), result, rows, answers)
    blessing.save(Path(verdict))
    return blessing.passed


def _baseline(uri: str, digest: str) -> Scorer | None:
    if not uri:
        return None
    with baselines.opened(uri, digest) as folder:
        return Scorer(folder)


def _trivial(
    transform_graph: Path, labels: np.ndarray, signature: Signature
) -> dict[str, Prediction]:
    train, test = (
        Features.load(transform_graph, split) for split in (Split.TRAIN, Split.TEST)
    )
    if not np.array_equal(test.label, labels):
        raise DataError(
            f"{transform_graph}: its test labels ({len(test.label):,}) are not those "
            f"of the examples ({len(labels):,}); it was made from other examples"
        )
    return trivial.predict(train, test, signature)


def _fits(signature: Signature, task: str, classes: list[str], who: str) -> None:
    if (signature.task, signature.classes) != (task, classes):
        raise ConfigError(
            f"{who} predicts {signature.task} {signature.classes}, the project asks "
            f"for {task} {classes}. Models of other classes cannot be compared: give "
            "the project a new name."
        )


def _write(
    target: Path,
    result: dict[str, Any],
    rows: Labelled,
    answers: Mapping[str, Prediction],
) -> None:
    arrays: dict[str, Any] = {
        artifacts.EXAMPLE_ID: rows.table[artifacts.EXAMPLE_ID].to_numpy().astype(str),
        artifacts.LABEL: rows.labels.astype(np.int32),
    }
    arrays |= {who: _served_scores(prediction) for who, prediction in answers.items()}
    with atomic_directory(target) as folder:
        artifacts.write_json(folder / artifacts.EVALUATION, result)
        np.savez(folder / artifacts.PREDICTIONS, **arrays)


def _served_scores(answers: Prediction) -> np.ndarray:
    """Return what a reader wants of a model: (n,) positive scores, or (n, classes)."""
    scores = answers.probabilities.astype(np.float32)
    return scores[:, 1] if scores.shape[1] == 2 else scores

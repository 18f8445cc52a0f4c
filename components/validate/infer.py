"""A first schema from data, for a person to read, correct and approve.

    python -m components.validate.infer EXAMPLES_FOLDER OUT_FILE

A guess must not refuse the very data it was made from, nor the next ordinary span:

- A text column is closed (new values are errors) only if new values are unlikely:
  the share of values seen once estimates the chance that the next one is new (Good,
  The population frequencies of species, Biometrika 40, 1953). Closed domains still
  let 5 % of the rows carry new values.
- A column without gaps may have 5 % of them.
- Distances between samples are never 0. Jensen-Shannon of TFDV's histograms of one
  and the same normal distribution was up to 0.03 at 10,000 rows, 0.09 at 100, 0.35
  at 10: the threshold is 0.1 + 10/n. The share of a category varies by at most
  sqrt(1/2n) between two samples, so L-infinity gets 0.05 + three times that. Spans
  that already differ more raise the threshold by half over what they showed; a
  column that differs nearly wholly (a date, a running number) is not compared.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.validate import schema as schemas
from components.validate.anomalies import compare
from components.validate.library import schema_pb2, text_format, tfdv
from components.validate.schema_state import inferred_line
from components.validate.statistics import statistics_of
from components.validate.tables import read_datasets, span_names
from contracts.artifacts import LABEL, Manifest
from contracts.errors import CanarioError
from contracts.storage import write_text

__all__ = ["infer_text", "main"]

_TRAIN = "split-train"
_MAX_UNSEEN = 0.01
_SLACK = 0.05
_UNLIKE = 0.6
"""A distance from which half more would exceed 0.9: the column differs always."""


def infer_text(statistics: Mapping[str, Any], project: str) -> str:
    """Return the text of a schema inferred from `split-train`, state "inferred".

    `statistics` holds all datasets: the spans calibrate the drift thresholds.
    """
    train = statistics[_TRAIN]
    schema = tfdv.infer_schema(train, infer_feature_shape=False)
    schema.default_environment.extend([schemas.TRAINING, schemas.SERVING])
    features = {item.path.step[0]: item for item in train.datasets[0].features}
    for feature in schema.feature:
        _loosen(feature, features[feature.name], schema)
    _drop_unused_domains(schema)
    _set_thresholds(schema, statistics)
    rows = train.datasets[0].num_examples
    notes = (
        f"# Inferred from {rows:,} training examples: a guess until a person agrees.\n"
        "# Closed domains let 5 % of the rows carry new values (min_domain_mass).\n"
        "# Comparators: distances above the threshold are warnings.\n"
    )
    body = text_format.MessageToString(schema, as_utf8=True)
    return f"{inferred_line(project)}\n{notes}{body}"


def main(argv: Sequence[str]) -> int:
    """Infer the schema of an examples folder into a file; return the exit code."""
    if len(argv) != 2:
        print("usage: python -m components.validate.infer EXAMPLES_FOLDER OUT_FILE")
        return 2
    examples, out = map(Path, argv)
    try:
        tables = read_datasets(examples)
        statistics = {name: statistics_of(tables[name], name) for name in tables}
        write_text(out, infer_text(statistics, Manifest.load(examples).project))
    except CanarioError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _loosen(feature: Any, statistics: Any, schema: Any) -> None:
    """Turn what happened to be so in this sample into what should hold."""
    if feature.presence.min_fraction:
        feature.presence.min_fraction = 1 - _SLACK
    if feature.type == schema_pb2.FLOAT:
        feature.float_domain.disallow_inf = True
    if feature.name == LABEL:
        feature.not_in_environment.append(schemas.SERVING)
    if feature.HasField("domain"):
        counts = [value.frequency for value in statistics.string_stats.top_values]
        if counts.count(1) <= _MAX_UNSEEN * sum(counts):
            feature.distribution_constraints.min_domain_mass = 1 - _SLACK
        else:
            feature.ClearField("domain")


def _drop_unused_domains(schema: Any) -> None:
    used = {feature.domain for feature in schema.feature if feature.HasField("domain")}
    kept = [domain for domain in schema.string_domain if domain.name in used]
    del schema.string_domain[:]
    schema.string_domain.extend(kept)


def _set_thresholds(schema: Any, statistics: Mapping[str, Any]) -> None:
    largest = _largest_drift(schema, statistics)
    rows = min(s.datasets[0].num_examples or 1 for s in statistics.values())
    numeric, text = 0.1 + 10 / rows, 0.05 + 3 * (0.5 / rows) ** 0.5
    for feature in schema.feature:
        usual = text if feature.type == schema_pb2.BYTES else numeric
        seen = largest.get(feature.name, 0.0)
        threshold = round(max(usual, 1.5 * seen), 2)
        if seen >= _UNLIKE or threshold >= 1:
            continue
        for comparator in (feature.drift_comparator, feature.skew_comparator):
            schemas.distance(feature, comparator).threshold = threshold


def _largest_drift(schema: Any, statistics: Mapping[str, Any]) -> dict[str, float]:
    """Return the largest distance between consecutive spans of each feature."""
    spans = span_names(list(statistics))
    largest: dict[str, float] = {}
    for current, reference in zip(spans[1:], spans[:-1], strict=True):
        values, _ = compare(statistics[current], statistics[reference], schema, "drift")
        for item in values:
            name = item["feature"]
            largest[name] = max(largest.get(name, 0.0), item["value"])
    return largest


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

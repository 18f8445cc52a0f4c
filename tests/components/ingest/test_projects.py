"""The real projects, and the readers that come after."""

import inspect
import subprocess
from pathlib import Path

import pyarrow.compute as pc
import pytest

from components.ingest.component import ingest
from components.ingest.ingest import run
from contracts.artifacts import Manifest, Split, read_examples
from contracts.config import load_project

ROOT = Path(__file__).parents[3]
OLD_PYTHON = ROOT / ".venv-validate" / "bin" / "python"


def run_project(name, folder, spans=None, replay=()):
    config = load_project(ROOT / "configs" / name)
    source = config.data.source
    if "://" not in source:
        source = str(ROOT / "configs" / name / source)
    run(
        project=name,
        source=source,
        source_digest="",
        data=config.data.model_dump(mode="json", exclude_none=True),
        required=[feature.column for feature in config.features],
        spans=spans or config.schedule.first,
        replay_spans=list(replay),
        ledger_uri=str(folder / "workspace"),
        new_version=False,
        examples=folder / "examples",
        traffic=folder / "traffic",
    )
    return Manifest.load(folder / "examples")


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """All twelve months of flights: eleven to learn from, December as traffic."""
    folder = tmp_path_factory.mktemp("flights")
    run_project("flights", folder, list(range(1, 12)), [12])
    return folder


def test_no_flight_is_lost_and_those_without_label_are_counted(year):
    learnt, replayed = (
        Manifest.load(year / name).spans for name in ("examples", "traffic")
    )
    assert sum(record.rows for record in [*learnt, *replayed]) == 336_776
    assert sum(record.unlabelled for record in [*learnt, *replayed]) == 9_430
    assert [record.rows for record in replayed] == [28_135]


def test_a_flight_is_late_above_a_quarter_of_an_hour(year):
    table = read_examples(year / "examples", Split.TEST, ["arr_delay", "label"])
    late = pc.greater(table["arr_delay"], 15).cast("int32")
    assert late.equals(table["label"])
    assert pc.count_distinct(table["label"]).as_py() == 2


def test_test_flights_come_after_all_that_train(year):
    tested = read_examples(year / "examples", Split.TEST, ["event_time"])
    trained = read_examples(year / "examples", Split.TRAIN, ["event_time"])
    assert pc.max(trained["event_time"]).as_py() < pc.min(tested["event_time"]).as_py()


def test_flights_are_replayed_in_the_order_of_departure(year):
    times = read_examples(year / "traffic", Split.REPLAY, ["event_time"])["event_time"]
    assert times.to_pylist() == sorted(times.to_pylist())


def test_taxi_keeps_all_trips(tmp_path):
    manifest = run_project("taxi", tmp_path)
    assert manifest.spans[0].labelled == sum(manifest.splits.values()) == 15_002
    trips = read_examples(tmp_path / "examples", Split.TRAIN)
    assert pc.min(pc.year(trips["event_time"])).as_py() == 2013
    assert 0.2 < pc.mean(trips["label"]).as_py() < 0.25


def test_digits_have_names_for_their_pixels(tmp_path):
    manifest = run_project("digits", tmp_path)
    assert sum(manifest.splits.values()) == 1_797
    assert [*manifest.columns][::64] == ["pixel_0", "digit"]
    table = read_examples(tmp_path / "examples", Split.TEST, ["digit", "label"])
    assert table["digit"].cast("int32").equals(table["label"])


READ = """
import sys, pyarrow.parquet as pq
from pathlib import Path
for file in sorted(Path(sys.argv[1]).rglob("*.parquet")):
    table = pq.read_table(file)
    print(table.num_rows, table.schema.field("event_time").type, table["carrier"][0])
"""


@pytest.mark.skipif(not OLD_PYTHON.exists(), reason="needs .venv-validate (make setup)")
def test_the_old_pyarrow_of_validate_reads_what_we_write(year):
    command = [str(OLD_PYTHON), "-c", READ, str(year / "traffic")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows, kind, carrier = done.stdout.split()
    assert (int(rows), kind, len(carrier)) == (28_135, "timestamp[us]", 2)


def test_the_adapter_takes_what_the_step_takes():
    adapter = inspect.signature(ingest.python_func).parameters
    assert list(adapter) == list(inspect.signature(run).parameters)

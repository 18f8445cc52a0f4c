"""The front door: what people type wrong ends in a sentence and exit code 2."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import cli
from pipelines.story import open_project

ROOT = Path(__file__).resolve().parents[2]


def canario(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nowhere"], "no project 'nowhere'"),
        (["run", "taxi", "--plant", "slow"], "has no rollout to break"),
        (["run", "flights", "--plant", "gremlins"], "known are wrong-on-slice"),
        (["run"], "Missing argument"),
        (["launch"], "No such command"),
        (["serve", "nowhere"], "no live model of 'nowhere'"),
        (["runs", "diff", "a", "b"], "0 runs match"),
        (["runs", "--project", "/flights"], "no runs in"),
    ],
)
def test_a_mistake_ends_in_a_sentence(
    words: list[str], said: str, tmp_path: Path
) -> None:
    extra = (
        [] if words in (["run"], ["launch"]) else ["--build", str(tmp_path / "build")]
    )
    done = canario(*words, *extra)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert said in done.stderr
    assert not (tmp_path / "build").exists()


def test_a_config_mistake_names_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "configs" / "bad"
    folder.mkdir(parents=True)
    (folder / "project.yaml").write_text("project: bad\nquestion: why\ntaks: binary\n")
    done = canario("run", "bad", "--configs", str(tmp_path / "configs"))
    assert done.returncode == 2
    assert "project.yaml:3" in done.stderr
    assert "taks" in done.stderr


def test_runs_of_an_empty_build_as_json(tmp_path: Path) -> None:
    done = canario("runs", "--json", "--build", str(tmp_path))
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_a_bug_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(cli, "app", broken)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 3


def test_a_project_without_a_schema_does_not_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(folder: Path) -> Path:
        assert (folder / "project.yaml").exists()
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.schema.infer_for", interrupted)
    rows = "".join(f"{i / 7:.2f},{i % 2}\n" for i in range(100))
    (tmp_path / "a.csv").write_text(f"x,y\n{rows}")
    with pytest.raises(KeyboardInterrupt):
        cli.new("p", tmp_path / "a.csv", "y", configs=tmp_path / "configs")
    assert not (tmp_path / "configs" / "p").exists()


def test_results_lie_under_the_name_of_the_project(tmp_path: Path) -> None:
    opened = open_project("../configs/taxi", ROOT / "configs", tmp_path / "build")
    assert opened.workspace == tmp_path / "build" / "taxi"

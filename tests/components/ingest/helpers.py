"""A tiny project in a folder: write a file, run ingest on it, look at the result."""

import json
from pathlib import Path

import pyarrow as pa

from components.ingest.ingest import run
from contracts.artifacts import Manifest, Split, read_examples
from contracts.config import DataConfig

CLASSES = ["no", "yes"]
LABEL = {"column": "y", "classes": CLASSES}


def table_text(rows: int = 40, header: str = "x,y,when") -> str:
    """A sound CSV: a number, a label that alternates, a time that moves on."""
    lines = [
        f"{i},{CLASSES[i % 2]},2013-01-{1 + i // 8:02d} {i % 24:02d}:00:00"
        for i in range(rows)
    ]
    return "\n".join([header, *lines]) + "\n"


def config(source: Path | str, **changes) -> dict:
    data = {"source": str(source), "label": LABEL, **changes}
    return DataConfig.model_validate(data).model_dump(mode="json", exclude_none=True)


class Workshop:
    """A folder with a raw file, a ledger, and what ingest made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "raw.csv"
        self.examples = folder / "out" / "examples"
        self.traffic = folder / "out" / "traffic"
        self.ledger = folder / "workspace"
        self.examples.parent.mkdir()

    def ingest(
        self,
        content: str | bytes | None = None,
        *,
        learn=(1,),
        replay=(),
        required=(),
        new_version=False,
        **changes,
    ) -> Manifest:
        if content is not None:
            raw = content if isinstance(content, bytes) else content.encode()
            self.source.write_bytes(raw)
        source = changes.pop("source", self.source)
        run(
            project="tiny",
            source=str(source),
            source_digest="d1",
            data=config(source, **changes),
            required=list(required),
            spans=list(learn),
            replay_spans=list(replay),
            ledger_uri=str(self.ledger),
            new_version=new_version,
            examples=self.examples,
            traffic=str(self.traffic),
        )
        return Manifest.load(self.examples)

    def split(self, split: Split) -> pa.Table:
        return read_examples(self.examples, split)

    def everything(self) -> pa.Table:
        splits = [self.split(role) for role in (Split.TRAIN, Split.EVAL, Split.TEST)]
        return pa.concat_tables(splits)

    def quarantined(self) -> list[dict]:
        text = (self.examples / "quarantine.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def left_behind(self) -> list[str]:
        """Names of whatever lies in the folders that ingest writes to."""
        places = [self.examples.parent, self.ledger]
        return [path.name for place in places for path in place.glob("*")]

"""`canario compile`: the pipeline as KFP's intermediate representation, checked."""

from __future__ import annotations

import tempfile
from pathlib import Path

from contracts import digests
from contracts.storage import write_text
from pipelines import portability


def compile_training(out: Path) -> str:
    """Write the training pipeline to `out` as IR YAML; return its digest.

    The same sources give the same bytes. Raises ConfigError naming each construct
    that would behave differently on a laptop and on a cluster.
    """
    from kfp import compiler

    from pipelines.training import training

    portability.refuse(portability.differences(training.pipeline_spec))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "training.yaml"
        compiler.Compiler().compile(training, str(path))
        text = path.read_text()
    write_text(out, text)
    return digests.of_bytes(text.encode())

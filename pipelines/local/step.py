"""One task of a pipeline in a process: what kfp's executor runs in a container.

`main` gets the component's source and kfp's own arguments. An error that canario
raised on purpose is written as JSON for the runner, which shows it without a
traceback; anything else leaves its traceback in the task's log.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

# kfp then imports its executor only, which is all there is in the TFDV environment.
os.environ["_KFP_RUNTIME"] = "true"

from kfp.dsl import executor_main

from contracts.errors import CanarioError
from pipelines.local import ERROR_FILE_VARIABLE


def main(argv: list[str]) -> int:
    """Run the component whose source is argv[0] with kfp's arguments argv[1:].

    Returns the exit code of the error class, 1 for an unexpected exception.
    """
    source, *arguments = argv
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder) / "ephemeral_component.py"
        module.write_text(source)
        sys.argv = ["executor", "--component_module_path", str(module), *arguments]
        try:
            executor_main.executor_main()
        except CanarioError as error:
            _record(error)
            return error.exit_code
    return 0


def _record(error: CanarioError) -> None:
    message = {"type": type(error).__name__, "message": str(error)}
    print(f"{message['type']}: {message['message']}", flush=True)
    if target := os.environ.get(ERROR_FILE_VARIABLE):
        Path(target).write_text(json.dumps(message))


if __name__ == "__main__":
    # A fresh interpreter (no warm worker): the request comes on standard input.
    sys.exit(main(json.loads(sys.stdin.read())))

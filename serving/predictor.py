"""Serve one model over V1 and V2 REST with KServe's Python model server.

    python -m serving.predictor --model-dir DIR --model-name NAME --http-port 8080

    curl localhost:8080/v1/models/NAME:predict -d '{"instances": [{"carrier": "UA"}]}'

DIR holds `1/` (SavedModel), `signature.json` and `golden.json`. The server is ready
once the model is loaded and has answered its golden rows. Exit codes: 0 stopped by
SIGTERM or SIGINT, 2 the model folder is not what it should be, 3 the port is taken or
a library is missing.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.errors import CanarioError, EnvironmentFault
from serving.lifetime import die_with_parent, leave

if TYPE_CHECKING:  # importing the server takes seconds, and --help needs none of it
    from serving.model import Predictor

__all__ = ["main", "parser", "serve"]


def parser() -> argparse.ArgumentParser:
    """Return the flags of the server, each with its unit and default."""
    flags = argparse.ArgumentParser(
        prog="python -m serving.predictor",
        description="Serve one canario model over V1 and V2 REST.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    flags.add_argument(
        "--model-dir", type=Path, required=True, help="folder that holds 1/"
    )
    flags.add_argument("--model-name", required=True, help="name in the URL")
    flags.add_argument("--http-port", type=int, default=8080, help="TCP port")
    flags.add_argument(
        "--host", default="127.0.0.1", help="address to bind; 0.0.0.0 in a container"
    )
    flags.add_argument(
        "--max-rows", type=int, default=10_000, help="rows in one request, else 413"
    )
    flags.add_argument(
        "--max-bytes", type=int, default=16 << 20, help="bytes of a body, else 413"
    )
    flags.add_argument(
        "--threads", type=int, default=1, help="threads that TensorFlow may use"
    )
    flags.add_argument(
        "--grace-seconds", type=int, default=10, help="for open requests at SIGTERM"
    )
    flags.add_argument(
        "--die-with-parent",
        action="store_true",
        help="end when the process that started this one ends (Linux)",
    )
    return flags


def serve(
    flags: argparse.Namespace, make: Callable[[argparse.Namespace], Predictor]
) -> int:
    """Load the model that `make` returns and answer requests until a signal.

    Returns the exit code; what went wrong is one sentence on stderr.
    """
    if flags.die_with_parent:
        die_with_parent()
    try:
        with _bind(flags.host, flags.http_port) as bound:
            from serving.server import run

            model = make(flags)
            model.load()
            run(model, bound, flags.max_bytes, flags.grace_seconds)
    except CanarioError as error:
        return _say(error)
    except ImportError as error:
        return _say(EnvironmentFault(f"{error}. Run `make setup`."))
    return 0


def _say(error: CanarioError) -> int:
    print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    return error.exit_code


def main(argv: list[str] | None = None) -> int:
    """Serve as the command line says; safe in a fork that imported TensorFlow."""

    def make(flags: argparse.Namespace) -> Predictor:
        from serving.model import Predictor

        return Predictor(
            flags.model_name, flags.model_dir, flags.max_rows, flags.threads
        )

    return serve(parser().parse_args(argv), make)


def _bind(host: str, port: int) -> socket.socket:
    """Take the port before the slow imports. Raises EnvironmentFault if it is taken."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise EnvironmentFault(
            f"cannot listen on {host}:{port} ({error.strerror}); "
            "choose another --http-port"
        ) from error
    return bound


if __name__ == "__main__":
    leave(main())

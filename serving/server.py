"""KServe's model server with an address, limits and quiet logs.

KServe 0.21 binds to every address, writes two timing lines a request, prints a stack
trace for each bad request and lets any client unload the model. Each of these is one
override here; the protocols themselves are KServe's own.
"""

from __future__ import annotations

import logging
import socket
import warnings
from typing import Any, NoReturn

import fastapi
import uvloop
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from kserve import ModelServer
from kserve.errors import InvalidInput, ModelNotFound
from kserve.logging import configure_logging
from kserve.model import BaseKServeModel
from kserve.protocol.model_repository_extension import ModelRepositoryExtension
from kserve.protocol.rest.server import RESTServer
from starlette.exceptions import HTTPException

from contracts.errors import BadInput
from serving.body import Body
from serving.model import TooManyRows

__all__ = ["run"]


def run(
    model: BaseKServeModel, bound: socket.socket, max_bytes: int, grace: int
) -> None:
    """Answer requests on the `bound` socket until SIGTERM or SIGINT.

    `max_bytes` limits a request's body; `grace` seconds are left to open requests.
    """
    _quiet()
    _Server(bound, max_bytes, grace).start([model])


class _Server(ModelServer):
    """Loaded models, one process, REST only, on a socket that is bound already."""

    def __init__(self, bound: socket.socket, max_bytes: int, grace: int) -> None:
        super().__init__(
            http_port=bound.getsockname()[1],
            workers=1,
            enable_grpc=False,
            enable_latency_logging=False,
            grace_period=grace,
        )
        self.bound = bound
        self.max_bytes = max_bytes

    def start(self, models: list[BaseKServeModel]) -> None:
        for model in models:
            self.register_model(model)
        self.register_signal_handler()
        rest = _Rest(
            "kserve.model_server:app",
            self.dataplane,
            _FixedModels(self.registered_models),
            self.http_port,
            grace_period=self.grace_period,
        )
        # KServe's own start would not use uvloop, whatever its --event-loop says.
        uvloop.run(rest.serve(self.bound, self.max_bytes))


class _Rest(RESTServer):
    max_bytes: int

    async def serve(self, bound: socket.socket, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.create_application()
        await self._server.serve(sockets=[bound])

    def _add_middlewares(self, app: fastapi.FastAPI) -> None:
        app.add_middleware(Body, max_bytes=self.max_bytes)

    def _add_exception_handlers(self, app: fastapi.FastAPI) -> None:
        super()._add_exception_handlers(app)
        for error, status in _STATUS.items():
            app.add_exception_handler(error, _Answer(status))
        app.add_exception_handler(HTTPException, _http_error)
        app.add_exception_handler(RequestValidationError, _invalid_request)


class _FixedModels(ModelRepositoryExtension):
    """One server, one model: no client may load or unload it."""

    async def load(self, model_name: str) -> NoReturn:
        raise NotImplementedError(f"'{model_name}' cannot be loaded over HTTP")

    async def unload(self, model_name: str) -> NoReturn:
        raise NotImplementedError(f"'{model_name}' cannot be unloaded over HTTP")


class _Answer:
    """An exception handler: {"error": sentence} with a fixed status, unlogged."""

    def __init__(self, status: int) -> None:
        self.status = status

    async def __call__(self, _: fastapi.Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, self.status)


_STATUS: dict[type[Exception], int] = {
    InvalidInput: 400,
    BadInput: 400,
    ModelNotFound: 404,
    TooManyRows: 413,
    NotImplementedError: 501,
}


async def _http_error(_: fastapi.Request, error: Any) -> JSONResponse:
    return JSONResponse({"error": error.detail}, error.status_code)


async def _invalid_request(_: fastapi.Request, error: Any) -> JSONResponse:
    """A V2 request that KServe's data model refuses: 400 naming the place."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    return JSONResponse({"error": f"{place}: {first['msg']}"}, 400)


def _quiet() -> None:
    """Log what needs somebody's attention; a request is not that."""
    configure_logging()
    for name in ("kserve", "kserve.trace", "uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").handlers.clear()
    warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")

"""What arrives at the door: bodies of a bounded size, all of them JSON."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Body"]

_FORM = b"application/x-www-form-urlencoded"


class Body:
    """ASGI middleware: 413 for bodies above `max_bytes`, announced or not.

    `curl -d` calls every body a form unless told otherwise. Nobody sends forms to a
    model, so a form is taken for the JSON that it is.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its bytes if their number is not announced."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if headers.get(b"content-type") == _FORM:
            headers[b"content-type"] = b"application/json"
            scope["headers"] = list(headers.items())
        announced = headers.get(b"content-length")
        if announced is None:
            await self.app(scope, self._counted(receive), send)
        elif int(announced) > self.max_bytes:
            answer = JSONResponse({"error": self._refusal()}, 413)
            await answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _counted(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.max_bytes:
                raise HTTPException(413, self._refusal())
            return message

        return counted

    def _refusal(self) -> str:
        return f"the body is longer than {self.max_bytes} bytes"

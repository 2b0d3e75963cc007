"""Requests that are sent in chunks, without Content-Length: Django reads none of their body, so it is read here, up to the limit."""

import io
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]


class ChunkedBodies:
    """WSGI wrapper: gives such a request a body in memory and a length. One that is too long keeps a length beyond the limit."""

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Handle one request."""
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        # the server must have promised to end the stream, otherwise reading could wait for ever
        if chunked and environ.get("wsgi.input_terminated") and not environ.get("CONTENT_LENGTH"):
            body = environ["wsgi.input"].read(self.limit + 1)
            environ = environ | {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return self.application(environ, start_response)

"""Requests that are sent in chunks, without Content-Length: Django reads none of their body, so it is read here, up to the limit."""

import io
from collections.abc import Callable, Iterable
from typing import Any, Final

BEYOND: Final = 10**15
"""The length of a body that was cut off: more than any address takes, so that it is refused, not taken for the whole."""
Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]


class ChunkedBodies:
    """Gives such a request a body in memory and a length. One that is too long is cut off, and has a length that is refused."""

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Handle one request."""
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        # the server must have promised to end the stream, otherwise reading could wait for ever
        if chunked and environ.get("wsgi.input_terminated") and not environ.get("CONTENT_LENGTH"):
            body = environ["wsgi.input"].read(self.limit + 1)
            length = len(body) if len(body) <= self.limit else BEYOND
            with io.BytesIO(body) as stream:  # a request may live on for a while, what was sent must not
                return self.application(environ | {"wsgi.input": stream, "CONTENT_LENGTH": str(length)}, start_response)
        return self.application(environ, start_response)

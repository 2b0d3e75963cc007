"""Errors that a client can cause or must know of; the web half maps `code` to a status."""

from collections.abc import Mapping
from typing import ClassVar


class FaceError(Exception):
    """Base of all: a message for people, details for programs (JSON-ready values)."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})


class InvalidRequest(FaceError):  # noqa: N818
    """An option or a combination of options makes no sense."""

    code = "invalid_request"


class InvalidImage(FaceError):  # noqa: N818
    """The bytes claim to be an image but cannot be decoded."""

    code = "invalid_image"


class UnsupportedMedia(FaceError):  # noqa: N818
    """The bytes are not an image in a format that is read here."""

    code = "unsupported_media"


class TooLarge(FaceError):  # noqa: N818
    """More bytes or pixels than the limits allow."""

    code = "too_large"


class NoFace(FaceError):  # noqa: N818
    """A task that needs a face found none; details say what was tried."""

    code = "no_face"


class Busy(FaceError):  # noqa: N818
    """More work waits than the server takes on."""

    code = "busy"


class NotReady(FaceError):  # noqa: N818
    """A network is missing, damaged or not loaded."""

    code = "not_ready"

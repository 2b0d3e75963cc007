"""Uploads stay in memory: nothing a visitor sends is ever written to the disk.

Only where `settings.LARGE_UPLOADS` says so, and only for those who may, a large file goes to a temporary one that ends with the request.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile, TemporaryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest


@dataclass(frozen=True)
class LargeUpload:
    """An address that takes large files from those who have a permission; `max_bytes` each."""

    permission: str
    max_bytes: int


def large_upload(request: HttpRequest) -> LargeUpload | None:
    """What the address of a request takes beyond photographs."""
    found = settings.LARGE_UPLOADS.get(request.path_info)
    return None if found is None else LargeUpload(*found)


class LargeUploadHandler(FileUploadHandler):
    """Writes files for an address of LARGE_UPLOADS to the disk.

    Bytes beyond the limit are counted and dropped; files of those who have not the permission are ignored.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A new file begins."""
        super().new_file(*args, **kwargs)
        self._file: TemporaryUploadedFile | None = None
        request: Any = self.request
        self._allowed = large_upload(request)
        if self._allowed is None:
            return
        if not request.user.has_perm(self._allowed.permission):
            raise SkipFile
        self._file = TemporaryUploadedFile(
            self.file_name or "upload", self.content_type or "", 0, self.charset, self.content_type_extra
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Write the chunk, or hand it on to the next handler."""
        if self._allowed is None or self._file is None:
            return raw_data
        if start + len(raw_data) <= self._allowed.max_bytes:
            self._file.write(raw_data)
        else:
            self._file.truncate(0)
        return None

    def file_complete(self, file_size: int) -> TemporaryUploadedFile | None:
        """Hand over the file with its true size."""
        if self._file is None:
            return None
        self._file.seek(0)
        self._file.size = file_size
        return self._file

    def upload_interrupted(self) -> None:
        """The client went away."""
        file = getattr(self, "_file", None)
        if file is not None:
            file.close()


class MemoryOnlyUploadHandler(FileUploadHandler):
    """Keeps a file in memory up to the limit. Bytes beyond it are counted and dropped: `size` tells the reader to refuse the file."""

    chunk_size = 256 * 1024

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A new file begins."""
        super().new_file(*args, **kwargs)
        self._buffer = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Keep the chunk unless the file is already too large."""
        if start + len(raw_data) <= settings.HEXAFACE.max_upload_bytes:
            self._buffer.write(raw_data)
        else:
            self._buffer = BytesIO()
        return None

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Hand over the file with its true size."""
        self._buffer.seek(0)
        return InMemoryUploadedFile(
            self._buffer, self.field_name, self.file_name or "upload", self.content_type or "", file_size, self.charset
        )

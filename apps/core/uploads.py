"""Uploads stay in memory: nothing a visitor sends is ever written to the disk."""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler


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

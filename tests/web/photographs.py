"""Public-domain photographs in many guises, and ways to send them."""

import base64
import io
from pathlib import Path

import numpy as np
import pillow_heif
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.core.registry import TaskPage

ROOT = Path(__file__).parents[2]


class Photos:
    """One face (Eileen Collins, NASA) and pictures without one, encoded as asked."""

    def __init__(self) -> None:
        whole = Image.open(ROOT / "static" / "samples" / "astronaut.jpg").convert("RGB")
        side = whole.width / 512
        self.face = whole.crop(tuple(round(edge * side) for edge in (100, 0, 340, 240))).resize((240, 240))  # type: ignore[arg-type]

    def encode(self, image: Image.Image | None = None, kind: str = "JPEG", **options: object) -> bytes:
        """The face, or another image, in a format."""
        stream = io.BytesIO()
        (image or self.face).save(stream, kind, **options)
        return stream.getvalue()

    def turned(self) -> bytes:
        """Stored lying, with an EXIF note that says how to turn it upright."""
        exif = Image.Exif()
        exif[0x0112] = 6
        return self.encode(self.face.transpose(Image.Transpose.ROTATE_90), exif=exif, quality=95)

    def sixteen_bit(self) -> bytes:
        """Grey, 16 bits."""
        grey = np.asarray(self.face.convert("L"), np.uint16) * 257
        return self.encode(Image.fromarray(grey), "PNG")

    def transparent(self) -> bytes:
        """With an alpha channel that hides a corner."""
        image = self.face.convert("RGBA")
        image.paste((0, 0, 0, 0), (0, 0, 20, 20))
        return self.encode(image, "PNG")

    def animated(self, kind: str) -> bytes:
        """Two frames; the face is on the first."""
        return self.encode(
            self.face, kind, save_all=True, append_images=[Image.new("RGB", self.face.size)], duration=100
        )

    def heic(self) -> bytes:
        """What telephones send."""
        stream = io.BytesIO()
        pillow_heif.from_pillow(self.face).save(stream, quality=90)
        return stream.getvalue()

    def blank(self) -> bytes:
        """No face."""
        return self.encode(Image.new("RGB", (200, 150), (120, 130, 140)))

    def good(self) -> dict[str, bytes]:
        """All guises in which the face must be found."""
        return {
            "jpeg": self.encode(quality=92),
            "png": self.encode(kind="PNG"),
            "webp": self.encode(kind="WEBP"),
            "bmp": self.encode(kind="BMP"),
            "gif": self.encode(kind="GIF"),
            "heic": self.heic(),
            "turned by EXIF": self.turned(),
            "CMYK": self.encode(self.face.convert("CMYK"), quality=92),
            "grey": self.encode(self.face.convert("L")),
            "palette": self.encode(self.face.convert("P"), "PNG"),
            "alpha": self.transparent(),
            "16 bit": self.sixteen_bit(),
            "animated gif": self.animated("GIF"),
            "animated webp": self.animated("WEBP"),
        }

    def bad(self) -> dict[str, tuple[bytes, int, str]]:
        """Uploads that are refused, with status and code."""
        jpeg = self.encode(quality=92)
        return {
            "empty": (b"", 400, "invalid_image"),
            "text": (b"This is not an image.\n" * 20, 415, "unsupported_media"),
            "svg": (
                b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
                415,
                "unsupported_media",
            ),
            "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", 415, "unsupported_media"),
            "truncated": (jpeg[: len(jpeg) // 3], 400, "invalid_image"),
            "header only": (self.encode(kind="PNG")[:60], 400, "invalid_image"),
            "too many pixels": (self.encode(Image.new("1", (10_000, 6_000)), "PNG"), 413, "too_large"),
            "too many bytes": (jpeg + b"\0" * 20_000_000, 413, "too_large"),
        }


PHOTOS = Photos()
GOOD = PHOTOS.good()
BAD = PHOTOS.bad()


def files(task: TaskPage, data: bytes) -> dict[str, SimpleUploadedFile]:
    """The same photograph for every image field of a task, as multipart files."""
    return {name: photograph(data) for name in task.images}


def photograph(data: bytes) -> SimpleUploadedFile:
    """A file as a form sends it."""
    return SimpleUploadedFile("photo.bin", data, "application/octet-stream")


def as_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

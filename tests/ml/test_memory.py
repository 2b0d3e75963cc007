"""Large photographs leave nothing behind."""

import contextlib
import io
import json
import subprocess
import sys
import threading

import pytest
from PIL import Image

from ml import memory
from ml.errors import FaceError
from ml.images import decode
from tests.ml.switching import held

LARGE = (4000, 3000)
CLIENTS = 4
KEPT = 36_000_000  # bytes that may stay: one of the photographs


def png(mode: str, size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    Image.effect_noise((200, 150), 50).resize(size).convert(mode).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def decode_all(files: list[bytes]) -> None:
    for data in files:
        with contextlib.suppress(FaceError):
            decode(data)


@pytest.mark.parametrize(
    ("sizes", "cut", "searched"),
    [
        pytest.param([], 0, False, id="nothing"),
        pytest.param([(400, 300)], 0, False, id="small"),
        pytest.param([LARGE], 0, True, id="large"),
        pytest.param([LARGE], 1000, True, id="large, cut short"),
        pytest.param([LARGE, LARGE], 0, True, id="two at once"),
    ],
)
def test_only_large_photographs_are_worth_a_search(sizes: list[tuple[int, int]], cut: int, *, searched: bool) -> None:
    memory.give_back()
    decode_all([data[: len(data) - cut] for data in (png("RGB", size) for size in sizes)])
    assert [memory.give_back(), memory.give_back()] == [searched, False]


def test_a_photograph_in_use_is_waited_for() -> None:
    memory.give_back()
    photo = decode(png("RGB", LARGE))
    memory.give_back()  # what decoding needed besides
    assert not memory.give_back()
    assert photo.rgb_u8.any()
    del photo
    assert memory.give_back()


def test_memory_of_large_photographs_is_given_back() -> None:
    """In a process of its own, whose memory nobody else has filled with holes."""
    done = subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True, check=True)
    before, after, given_back = json.loads(done.stdout)
    assert after - before > KEPT, "the photographs left nothing behind, so this test shows nothing"
    assert given_back - before < KEPT


def _measured() -> list[int]:
    whole = [png(mode, LARGE) for mode in ("RGB", "RGBA")]
    files = [*whole, whole[0][:-100_000]]
    before = held()
    clients = [threading.Thread(target=decode_all, args=(files,)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    after = held()
    memory.give_back()
    return [before, after, held()]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measured()))

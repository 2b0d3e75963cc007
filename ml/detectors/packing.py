"""Where the levels of a pyramid lie on canvases of few shapes.

P-Net's answer for a window of 12x12 pixels depends on that window only, and windows start at even pixels. So a level may be cut
at any even pixel, if the parts overlap by 10, and parts of several levels may lie side by side: the answers stay the same.
Few shapes matter because an interpreter is prepared per shape; full canvases matter because P-Net's time goes with the pixels.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

WINDOW: Final = 12
STRIDE: Final = 2
OVERLAP: Final = WINDOW - STRIDE
HEIGHTS_BY_WIDTH: Final = {256: (64, 128, 192, 256, 384), 384: (128, 256, 384)}
"""All shapes of canvases: a canvas is opened with the largest height that the packing allows and trimmed at the end."""
_OPENED: Final = ((256, 256), (384, 256), (256, 384), (384, 384))
_SMALLEST_CUTS: Final = (32, 64)  # a level is cut only where both sides of the part are at least this long
_CALL_PIXELS: Final = 2000  # what one more canvas costs, in pixels that P-Net looks at in the same time
_CACHE_PIXELS: Final = (
    1_200_000  # a pixel of a canvas of that many would cost twice: its layers outgrow the processor's cache
)
_MANY: Final = 64  # canvases: beyond this one packing is as good as another and trying takes longer


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a level, height x width pixels with its overlap; `y`, `x` in the level, `top`, `left` on the canvas; all even."""

    level: int
    y: int
    x: int
    height: int
    width: int
    canvas: int = 0
    top: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Packing:
    """Placed parts and the (height, width) of each canvas."""

    parts: tuple[Part, ...]
    canvases: tuple[tuple[int, int], ...]

    @property
    def cost(self) -> int:
        """Pixels of all canvases, those of large ones count for more, and what calling P-Net for each costs, in pixels."""
        pixels = [height * width for height, width in self.canvases]
        return sum(count + count**2 // _CACHE_PIXELS + _CALL_PIXELS for count in pixels)


def pack(sizes: Sequence[tuple[int, int]]) -> Packing:
    """Place levels of these (height, width) on canvases; equal sizes give equal packings. No sizes, no canvases."""
    first = _Packer(*_OPENED[0], _SMALLEST_CUTS[0]).pack(sizes)
    if len(first.canvases) > _MANY:
        return first
    others = [_Packer(*opened, cut).pack(sizes) for opened in _OPENED for cut in _SMALLEST_CUTS]
    return min([first, *others], key=lambda packing: packing.cost)


def covered(pixels: int) -> int:
    """A level's side rounded up to even: P-Net's last window of an odd side reaches one pixel beyond."""
    return pixels + pixels % STRIDE


@dataclass(frozen=True, slots=True)
class _Free:
    canvas: int
    top: int
    left: int
    height: int
    width: int


@dataclass(slots=True)
class _Packer:
    """Largest part first; a part that fits nowhere is cut to fill the best hole, or opens a canvas."""

    height: int
    width: int
    smallest_cut: int
    free: list[_Free] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    placed: list[Part] = field(default_factory=list)

    def pack(self, sizes: Sequence[tuple[int, int]]) -> Packing:
        waiting = [_queued(index, 0, 0, covered(height), covered(width)) for index, (height, width) in enumerate(sizes)]
        heapq.heapify(waiting)
        while waiting:
            _, level, y, x, height, width = heapq.heappop(waiting)
            hole, cut_height, cut_width = self._hole(height, width)
            self._place(Part(level, y, x, cut_height, cut_width), hole)
            below, right = cut_height - OVERLAP, cut_width - OVERLAP
            if cut_height < height:
                heapq.heappush(waiting, _queued(level, y + below, x, height - below, width))
            if cut_width < width:
                heapq.heappush(waiting, _queued(level, y, x + right, cut_height, width - right))
        canvases = [(self._trimmed(height), self.width) for height in self.used]
        return Packing(tuple(sorted(self.placed, key=lambda part: part.level)), tuple(canvases))

    def _hole(self, height: int, width: int) -> tuple[_Free, int, int]:
        fitting = [hole for hole in self.free if hole.height >= height and hole.width >= width]
        if fitting:
            return min(fitting, key=lambda hole: min(hole.height - height, hole.width - width)), height, width
        cuts = [(hole, min(height, hole.height), min(width, hole.width)) for hole in self.free]
        cuts = [cut for cut in cuts if min(cut[1], cut[2]) >= self.smallest_cut]
        if cuts:
            return max(cuts, key=lambda cut: (cut[1] - OVERLAP) * (cut[2] - OVERLAP))
        opened = _Free(len(self.used), 0, 0, self.height, self.width)
        self.used.append(0)
        self.free.append(opened)
        return opened, min(height, self.height), min(width, self.width)

    def _place(self, part: Part, hole: _Free) -> None:
        self.free.remove(hole)
        self.placed.append(Part(part.level, part.y, part.x, part.height, part.width, hole.canvas, hole.top, hole.left))
        self.used[hole.canvas] = max(self.used[hole.canvas], hole.top + part.height)
        below, right = hole.height - part.height, hole.width - part.width
        across = right < below  # the strip below gets the hole's whole width, or the one at the right its whole height
        rests = (
            _Free(hole.canvas, hole.top + part.height, hole.left, below, hole.width if across else part.width),
            _Free(hole.canvas, hole.top, hole.left + part.width, part.height if across else hole.height, right),
        )
        self.free += [rest for rest in rests if min(rest.height, rest.width) >= WINDOW]

    def _trimmed(self, used: int) -> int:
        return next(height for height in HEIGHTS_BY_WIDTH[self.width] if height >= used)


def _queued(level: int, y: int, x: int, height: int, width: int) -> tuple[int, int, int, int, int, int]:
    return (-height * width, level, y, x, height, width)

"""Lips and eyes of ml.nets.attentionmesh: which vertices of the mesh of 468 points they are made of."""

from dataclasses import dataclass
from typing import Final

IRIS: Final = 5


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the face.

    vertices: of the mesh. level: the two that lie on its level line, left and right. first, iris: numbers of the first layers
    that look at it and, of an eye, at its iris.
    """

    vertices: tuple[int, ...]
    level: tuple[int, int]
    first: int
    iris: int | None = None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))


_LIPS: Final = (
    "61 146 91 181 84 17 314 405 321 375 291 185 40 39 37 0 267 269 270 409 78 95 88 178 87 14 317 402 318 324 "
    "308 191 80 81 82 13 312 311 310 415 76 77 90 180 85 16 315 404 320 307 306 184 74 73 72 11 302 303 304 408 "
    "62 96 89 179 86 15 316 403 319 325 292 183 42 41 38 12 268 271 272 407"
)
_LEFT_EYE: Final = (
    "33 7 163 144 145 153 154 155 133 246 161 160 159 158 157 173 130 25 110 24 23 22 26 112 243 247 30 29 27 28 "
    "56 190 226 31 228 229 230 231 232 233 244 113 225 224 223 222 221 189 35 124 46 53 52 65 143 111 117 118 "
    "119 120 121 128 245 156 70 63 105 66 107 55 193"
)
_RIGHT_EYE: Final = (
    "263 249 390 373 374 380 381 382 362 466 388 387 386 385 384 398 359 255 339 254 253 252 256 341 463 467 260 "
    "259 257 258 286 414 446 261 448 449 450 451 452 453 464 342 445 444 443 442 441 413 265 353 276 283 282 295 "
    "372 340 346 347 348 349 350 357 465 383 300 293 334 296 336 285 417"
)
REGIONS: Final = {
    "lips": Region(_numbers(_LIPS), (61, 291), 20),
    "left_eye": Region(_numbers(_LEFT_EYE), (33, 133), 33, 46),
    "right_eye": Region(_numbers(_RIGHT_EYE), (362, 263), 53, 66),
}
POINTS: Final = sum(len(region.vertices) + (region.iris is not None) * IRIS for region in REGIONS.values())
"""Points of all regions, in their order; the five of an iris (its middle first) follow those of its eye."""
VERTICES: Final = tuple(
    vertex
    for region in REGIONS.values()
    for vertex in (*region.vertices, *(None,) * ((region.iris is not None) * IRIS))
)
"""(POINTS,) the vertex that each of these points is; None of an iris."""

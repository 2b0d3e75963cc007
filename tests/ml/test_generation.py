"""Faces are drawn again where there is none."""

from collections.abc import Sequence

import numpy as np
import pytest

from ml.generation import ATTEMPTS, Images, Wish, drawn
from ml.manifest import NetworkSpec
from ml.types import F32

SPEC = NetworkSpec.__new__(NetworkSpec)


class Dots:
    """A generator whose images tell their first latent number."""

    spec = SPEC
    seconds = 0.0

    def run(self, batch: F32, threads: int = 1) -> dict[str, F32]:  # noqa: ARG002
        return {"image": np.tile(np.tanh(batch[:, :1, None, None]), (1, 2, 2, 3))}


class Picky:
    """Takes for no face what it is told to, by round and place; remembers how many it was asked about."""

    def __init__(self, *rounds: set[int]) -> None:
        self.rounds, self.asked = list(rounds), list[int]()

    def __call__(self, images: Images) -> Sequence[bool]:
        lost = self.rounds.pop(0) if self.rounds else set()
        self.asked.append(len(images))
        return [place not in lost for place in range(len(images))]


ALWAYS = [set(range(9))] * 9


@pytest.mark.parametrize(
    ("rounds", "asked", "again"),
    [
        ([], [4], []),
        ([{1, 3}], [4, 2], [1, 3]),
        ([{0, 1, 2, 3}, {1}], [4, 4, 1], [0, 1, 2, 3]),
        (ALWAYS, [4] * (ATTEMPTS - 1), [0, 1, 2, 3]),
    ],
    ids=["all are faces", "two are not", "one twice not", "none ever"],
)
def test_drawn_again(rounds: list[set[int]], asked: list[int], again: list[int]) -> None:
    first = drawn(Wish(4, 7), Dots(), Picky())
    judge = Picky(*rounds)
    images = drawn(Wish(4, 7), Dots(), judge)
    assert judge.asked == asked
    changed = [place for place in range(4) if (images[place] != first[place]).any()]
    assert changed == again
    assert (drawn(Wish(4, 7), Dots(), Picky(*rounds)) == images).all()


def test_a_longer_list_starts_like_a_shorter() -> None:
    short, long = (drawn(Wish(count, 7), Dots(), Picky({0, 2})) for count in (3, 9))
    assert (short == long[:3]).all()


def test_ends_of_a_way_are_drawn_again_too() -> None:
    plain = drawn(Wish(5, 7, to_seed=8), Dots(), Picky())
    other = drawn(Wish(5, 7, to_seed=8), Dots(), Picky({0}))
    assert (plain[-1] == other[-1]).all()
    assert (plain[0] != other[0]).any()

"""One network for five questions about a face: the MobileNet trunk of ml.nets.mobilenet with a linear head per task."""

from typing import Final

import keras

from ml.nets.mobilenet import build_trunk

YEARS: Final = 101
"""Classes of the age head: the years 0..100 (Rothe et al., "DEX: Deep EXpectation of apparent age", 2015)."""
HEADS: Final = {"age": YEARS, "gender": 1, "emotion": 7, "attributes": 40, "mask": 1}
"""Task -> numbers it answers with."""
SOFTMAX: Final = frozenset({"age", "emotion"})


def build(input_size: int | None = 128) -> keras.Model:
    """Build the network with fresh weights.

    Input "input" (n, input_size, input_size, 3) float32, BGR minus mobilenet.MEAN_BGR; None leaves the side open. Outputs, all
    probabilities: "age" (n, 101) over the years 0..100, "gender" (n, 1) of male, "emotion" (n, 7) by ml.tasks.emotion.EMOTIONS,
    "attributes" (n, 40) by ml.tasks.attributes.ATTRIBUTE_NAMES, "mask" (n, 1) of a mask.
    """
    trunk = build_trunk(input_size)
    outputs = {
        task: keras.layers.Dense(units, activation="softmax" if task in SOFTMAX else "sigmoid", name=task)(trunk.output)
        for task, units in HEADS.items()
    }
    return keras.Model(trunk.input, outputs, name="face")

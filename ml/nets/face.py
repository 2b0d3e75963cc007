"""One network for five questions about a face: the MobileNet trunk of ml.nets.mobilenet with a linear head per task.

Expressions are the mean of the answers of a head and of mini-Xception (ml.nets.minixception), which sees the crop in grey at half the size:
the two were taught by different labels of the same photographs and err on different faces.
"""

from typing import Any, Final

import keras
import numpy as np

from ml.nets import minixception
from ml.nets.mobilenet import MEAN_BGR, build_trunk

YEARS: Final = 101
"""Classes of the age head: the years 0..100 (Rothe et al., "DEX: Deep EXpectation of apparent age", 2015)."""
HEADS: Final = {"age": YEARS, "gender": 1, "emotion": 7, "attributes": 40, "mask": 1}
"""Task -> numbers it answers with."""
SOFTMAX: Final = frozenset({"age", "emotion"})
_LUMA_BGR: Final = (0.114, 0.587, 0.299)


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
    public = minixception.build()(_gray(trunk.input))["emotion"]
    outputs["emotion"] = keras.layers.Average(name="expression")([outputs["emotion"], public])
    return keras.Model(trunk.input, outputs, name="face")


def _gray(inputs: Any) -> Any:
    """BGR minus mean -> grey of (64, 64), -1..1."""
    kernel = np.array(_LUMA_BGR, np.float32)[None, None, :, None] / 127.5
    bias = np.dot(_LUMA_BGR, MEAN_BGR) / 127.5 - 1
    layer = keras.layers.Conv2D(
        1,
        1,
        kernel_initializer=keras.initializers.Constant(kernel),
        bias_initializer=keras.initializers.Constant(bias),
        name="gray",
    )
    return keras.layers.Resizing(minixception.SIDE, minixception.SIDE, name="half")(layer(inputs))

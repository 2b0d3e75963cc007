"""The halving step that both small Xceptions share (Chollet, "Xception", 2017)."""

from typing import Any

import keras


def halving_sum(branch: Any, shortcut: Any, name: str) -> Any:
    """Max-pool the branch to half its side and add the shortcut through a strided 1x1 convolution called `name`."""
    pooled = keras.layers.MaxPooling2D(3, 2, padding="same")(branch)
    narrow = keras.layers.Conv2D(branch.shape[-1], 1, strides=2, padding="same", name=name)(shortcut)
    return keras.layers.Add()([pooled, narrow])

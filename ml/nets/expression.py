"""Seven expressions from a small grey face, by two kinds of labels: a plain network of our own, trained from nothing.

After VGG (Simonyan and Zisserman 2015) as Barsoum et al. use it on FER+ ("Training Deep Networks for Facial Expression Recognition with
Crowd-Sourced Label Distribution", 2016), narrower; the last map is weighted by place as in MobileFaceNets (Chen et al. 2018), and the
answer is that to the face and its mirror image together.
"""

from typing import Any, Final

import keras
from keras import ops

SIDE: Final = 96
MARGIN: Final = 1.0
"""Side of the crop in longer sides of the face's box."""
WIDTHS: Final = (32, 64, 128, 256)
"""Channels of the four stages."""
HEADS: Final = {"votes": "emotion", "emotion": "emotion_fer2013"}
"""Head -> output. "votes" was taught by the shares of FER+'s annotators, "emotion" by FER-2013's labels; as in ml.nets.face."""
HALVED: Final = frozenset({"conv_1", "conv_2b", "conv_3b"})
"""Convolutions after which the map is halved."""
PLACES: Final = "places"
"""The layer that weighs the last map by place."""


def build(*, logits: bool = False) -> keras.Model:
    """Build the network with fresh weights.

    Input "input" (n, 96, 96, 1) float32, -1..1; outputs (n, 7) in the order of ml.tasks.emotion.EMOTIONS: "emotion" as most people see it,
    "emotion_fer2013" as FER-2013 labels it; probabilities, or with `logits` their logits and "features" (n, 256), which they come from.
    """
    inputs = keras.Input((SIDE, SIDE, 1), name="input")
    small = halved(inputs)
    x = keras.layers.Concatenate(axis=0, name="both")([small, ops.flip(small, axis=2)])
    for name, channels in layers():
        x = keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(x)
        if name in HALVED:
            x = keras.layers.MaxPooling2D(name=f"half_{name}")(x)
    x = keras.layers.DepthwiseConv2D(x.shape[1], name=PLACES)(x)
    one, other = ops.split(keras.layers.Flatten(name="features")(x), 2, axis=0)
    features = keras.layers.Average(name="mean")([one, other])
    kind = None if logits else "softmax"
    said = {output: keras.layers.Dense(7, activation=kind, name=head)(features) for head, output in HEADS.items()}
    return keras.Model(inputs, said | ({"features": features} if logits else {}), name="expression")


def layers() -> list[tuple[str, int]]:
    """(name, channels) of the convolutions, in order."""
    first, *others = WIDTHS
    return [
        ("conv_1", first),
        *((f"conv_{k}{part}", width) for k, width in enumerate(others, start=2) for part in "ab"),
    ]


def halved(crops: Any) -> Any:
    """Means of two by two pixels: what FER-2013's 48 pixels hold of a face, without the aliasing of a sampled large one."""
    return keras.layers.AveragePooling2D(2, name="reduced")(crops)

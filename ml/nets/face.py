"""One network for five questions about a face: the MobileNet trunk of ml.nets.mobilenet with a linear head per task.

Three small networks look at the same crop, since they were taught otherwise and err on other faces: one of our own (ml.nets.expression) and
the public big Xception (ml.nets.bigxception), both in grey, for expressions; the public TinyXception (ml.nets.tinyxception, tighter) for
age and gender. Their logits stand beside the trunk's features; the two ages are averaged. Expressions, attributes and mask are judged by
the means of the trunk's earlier maps too, since hair, skin and edges are gone from the last; attributes and mask also by the features of
the grey networks.
Expressions are answered twice, as people see them and as FER-2013 labels them: see `build`.
"""

from typing import Any, Final

import keras
import numpy as np

from ml.nets import bigxception, expression, tinyxception
from ml.nets.mobilenet import MEAN_BGR, build_trunk

YEARS: Final = tinyxception.YEARS
HEADS: Final = {"age": YEARS, "gender": 1, "votes": 7, "emotion": 7, "attributes": 40, "mask": 1}
"""Linear head -> numbers it gives. "votes" was taught by the shares of FER+'s annotators, "emotion" by FER-2013's labels."""
OUTPUTS: Final = {"age": YEARS, "gender": 1, "emotion": 7, "emotion_fer2013": 7, "attributes": 40, "mask": 1}
SIDE: Final = 128
MARGIN: Final = 1.05
"""Side of the crop in longer sides of the face's box (see docs/training)."""
TINY_SHARE: Final = 0.3
"""Of TinyXception in age. Chosen on FairFace, which it has not seen."""
TINY_WEIGHT: Final = 1.0
"""Of TinyXception's logit beside the trunk's in that of gender. Chosen on val (docs/training)."""
GRAY_WEIGHTS: Final = {"votes": (0.5, 0.15), "emotion": (0.5, 0.5)}
"""Of our own network and big Xception in each head's logits; the trunk has what our own leaves. Chosen on val (docs/training)."""
EARLIER: Final = (3, 5, 9, 11, 12)
"""Blocks of the trunk before the last whose maps' means some heads see (see docs/training)."""
LOGITS: Final = {"gender": 1, "votes": 21, "emotion": 21}
"""Head -> how many logits of other networks it sees; they stand between the trunk's features and the means."""
_SOFTMAX: Final = frozenset({"age", *GRAY_WEIGHTS})
_LUMA_BGR: Final = (0.114, 0.587, 0.299)
_TINY_CROP: Final = 2 * round(SIDE * tinyxception.MARGIN / MARGIN / 2)
_OWN_CROP: Final = 2 * round(SIDE * expression.MARGIN / MARGIN / 2)
_PUBLIC_CROP: Final = 120
"""Pixels of the crop that big Xception sees: of 106, 112, 120 and 128 the best on val, alone and beside the trunk."""


def build() -> keras.Model:
    """Build the network with fresh weights.

    Input "input" (n, 128, 128, 3) float32, BGR minus mobilenet.MEAN_BGR. Outputs, all probabilities: "age" (n, 101) over the years 0..100,
    "gender" (n, 1) of male, "emotion" (n, 7) by ml.tasks.emotion.EMOTIONS as most of FER+'s annotators see it, "emotion_fer2013"
    (n, 7) as FER-2013 labels it, "attributes" (n, 40) by ml.tasks.attributes.ATTRIBUTE_NAMES, "mask" (n, 1) of a mask.
    """
    trunk = build_trunk(SIDE)
    gray = _gray(trunk.input)
    own = expression.build(logits=True)(_middle(gray, _OWN_CROP, expression.SIDE))
    public = bigxception.build(logits=True)(_middle(gray, _PUBLIC_CROP, bigxception.SIDE))
    tiny = tinyxception.build(logits=True)(_tight_rgb(trunk.input))
    seen = dict.fromkeys(HEADS, trunk.output) | _more(trunk, own, public, tiny["gender"])
    said = {
        head: keras.layers.Dense(units, activation="softmax" if head in _SOFTMAX else "sigmoid", name=head)(seen[head])
        for head, units in HEADS.items()
    }
    age, tiny_age = (
        keras.layers.Rescaling(share)(part)
        for share, part in ((1 - TINY_SHARE, said["age"]), (TINY_SHARE, tiny["age"]))
    )
    outputs = {
        **said,
        "age": keras.layers.Add(name="years")([age, tiny_age]),
        "emotion": said["votes"],
        "emotion_fer2013": said["emotion"],
    }
    return keras.Model(trunk.input, {name: outputs[name] for name in OUTPUTS}, name="face")


def _more(trunk: keras.Model, own: Any, public: Any, tiny_gender: Any) -> dict[str, Any]:
    """Head -> the trunk's features, other networks' logits, the means of earlier maps, and other networks' features."""
    maps = [trunk.get_layer(f"conv_pw_{block}_relu").output for block in EARLIER]
    means = [
        keras.layers.GlobalAveragePooling2D(name=f"mean_{block}")(x) for block, x in zip(EARLIER, maps, strict=True)
    ]
    logits = [*(own[expression.HEADS[head]] for head in GRAY_WEIGHTS), public["emotion"]]
    # The grey networks know the photographs of expressions that they were taught by heart: there their logits count, at a fixed weight.
    expressive = keras.layers.Concatenate(name="expressive")([trunk.output, *logits, *means])
    wide = keras.layers.Concatenate(name="wide")([trunk.output, *means, own["features"], public["features"]])
    return {
        "gender": keras.layers.Concatenate(name="with_tiny")([trunk.output, tiny_gender]),
        **dict.fromkeys(GRAY_WEIGHTS, expressive),
        **dict.fromkeys(("attributes", "mask"), wide),
    }


def _gray(inputs: Any) -> Any:
    """BGR minus mean -> the crop in grey, -1..1."""
    kernel = np.array(_LUMA_BGR, np.float32)[:, None] / 127.5
    return _colours(inputs, kernel, np.dot(_LUMA_BGR, MEAN_BGR) / 127.5 - 1, "gray")


def _middle(crop: Any, pixels: int, side: int) -> Any:
    """The middle `pixels` of a crop as (side, side)."""
    return keras.layers.Resizing(side, side, name=f"to_{side}")(
        keras.layers.CenterCrop(pixels, pixels, name=f"middle_{pixels}")(crop)
    )


def _tight_rgb(inputs: Any) -> Any:
    """BGR minus mean -> the middle of the crop as TinyXception wants it: (112, 112), RGB minus its mean, over 255."""
    kernel = np.eye(3, dtype=np.float32)[::-1] / 255
    bias = (np.array(MEAN_BGR[::-1]) - tinyxception.MEAN_RGB) / 255
    crop = keras.layers.CenterCrop(_TINY_CROP, _TINY_CROP, name="tight")(inputs)
    resized = keras.layers.Resizing(tinyxception.SIDE, tinyxception.SIDE, name="tight_112")(crop)
    return _colours(resized, kernel, bias, "rgb")


def _colours(inputs: Any, kernel: Any, bias: Any, name: str) -> Any:
    """Each pixel's colours (3) times the kernel (3, k) plus the bias."""
    layer = keras.layers.Conv2D(
        kernel.shape[1],
        1,
        kernel_initializer=keras.initializers.Constant(kernel[None, None]),
        bias_initializer=keras.initializers.Constant(bias),
        name=name,
    )
    return layer(inputs)

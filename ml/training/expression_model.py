"""Our own part of the expression network while it is trained: normalisation, dropout, and two heads of logits, FER-2013 and FER+."""

from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from ml.nets import expression
from ml.training import losses
from ml.training.face_model import Affine
from ml.types import F32

HEADS: Final = ("emotion", "votes")
DROPOUT: Final = 0.4
_SPATIAL: Final = 0.1
_EPSILON: Final = 1e-3


def build() -> keras.Model:
    """Fresh weights; input as ml.nets.expression's, but for its size; outputs "emotion" and "votes" (n, 7), logits."""
    inputs = keras.Input((expression.OWN_SIDE, expression.OWN_SIDE, 1), name="input")
    x = inputs
    for name, channels in expression.layers():
        x = keras.layers.Conv2D(channels, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(
            x
        )
        x = keras.layers.BatchNormalization(momentum=0.98, epsilon=_EPSILON, name=f"{name}_norm")(x)
        x = keras.layers.ReLU()(x)
        if name in expression.LAST:
            x = keras.layers.SpatialDropout2D(_SPATIAL)(keras.layers.MaxPooling2D()(x))
    x = keras.layers.GlobalAveragePooling2D(name="features")(x)
    dropped = keras.layers.Dropout(DROPOUT)(x)
    return keras.Model(
        inputs, {head: keras.layers.Dense(7, name=head)(dropped) for head in HEADS}, name="expression_training"
    )


def network_input(crops_u8: Any) -> Any:
    """(n, h, w, 3) RGB as a tensor -> (n, 48, 48, 1) float32 grey, -1..1, as serving makes it."""
    gray = tf.linalg.matvec(tf.cast(crops_u8, tf.float32), tf.constant([0.299, 0.587, 0.114]))
    return tf.image.resize(gray[..., None] / 127.5 - 1.0, (expression.OWN_SIDE, expression.OWN_SIDE))


def losses_of(logits: Any, labels: Any) -> dict[str, Any]:
    """Losses of both heads."""
    return {
        "emotion": losses.class_loss(logits["emotion"], labels["emotion"], losses.SMOOTH_EMOTION),
        "votes": losses.votes_loss(logits["votes"], labels["votes"], labels["votes_other"]),
    }


def served(model: keras.Model, head: Affine, public: keras.Model) -> keras.Model:
    """The network that is exported: normalisations folded into the convolutions, one head, and mini-Xception beside it."""
    network = expression.build()
    network.get_layer(public.name).set_weights(public.get_weights())
    for name, _ in expression.layers():
        kernel = np.array(model.get_layer(name).get_weights()[0])
        gamma, beta, mean, variance = model.get_layer(f"{name}_norm").get_weights()
        scale: F32 = gamma / np.sqrt(variance + np.float32(_EPSILON))
        network.get_layer(name).set_weights([kernel * scale, beta - mean * scale])
    network.get_layer("own").set_weights(list(head))
    return network

"""The forty attributes of CelebA (Liu et al. 2015), each judged on its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml.tasks.base import Scene, Task
from ml.types import F32

ATTRIBUTE_NAMES: Final = (
    "5_o_Clock_Shadow",
    "Arched_Eyebrows",
    "Attractive",
    "Bags_Under_Eyes",
    "Bald",
    "Bangs",
    "Big_Lips",
    "Big_Nose",
    "Black_Hair",
    "Blond_Hair",
    "Blurry",
    "Brown_Hair",
    "Bushy_Eyebrows",
    "Chubby",
    "Double_Chin",
    "Eyeglasses",
    "Goatee",
    "Gray_Hair",
    "Heavy_Makeup",
    "High_Cheekbones",
    "Male",
    "Mouth_Slightly_Open",
    "Mustache",
    "Narrow_Eyes",
    "No_Beard",
    "Oval_Face",
    "Pale_Skin",
    "Pointy_Nose",
    "Receding_Hairline",
    "Rosy_Cheeks",
    "Sideburns",
    "Smiling",
    "Straight_Hair",
    "Wavy_Hair",
    "Wearing_Earrings",
    "Wearing_Hat",
    "Wearing_Lipstick",
    "Wearing_Necklace",
    "Wearing_Necktie",
    "Young",
)


@dataclass(frozen=True, slots=True)
class AttributesResult:
    """The attributes with a probability of at least a half, and the probability 0..1 of each of the forty.

    Male is what the network's head of gender says, where it has one.
    uncertain: the face is too small or too blurred to be judged.
    """

    present: list[str]
    scores: dict[str, float]
    uncertain: bool = False


def _decode(outputs: Mapping[str, F32], scene: Scene) -> AttributesResult:
    scores = dict(zip(ATTRIBUTE_NAMES, outputs["attributes"][0].tolist(), strict=True))
    if "gender" in outputs:  # the same question: a network shall not contradict itself
        scores["Male"] = float(outputs["gender"].reshape(-1)[0])
    return AttributesResult(
        [name for name, score in scores.items() if score >= 0.5], scores, scene.uncertain("attributes")
    )


ATTRIBUTES = Task("attributes", ("attributes",), AttributesResult, _decode)

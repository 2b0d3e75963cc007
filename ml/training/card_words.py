"""What the model cards say that no manifest and no report knows: uses, and how a network of a name is made."""

from typing import Final

USES: Final = {
    "age": "age: statistics over many faces, sorting of photographs, checks that a person looks at afterwards",
    "gender": "gender: statistics over many faces, as the data sets label looks; not a statement about a person",
    "emotion": "emotion: how an expression reads on one photograph; research and games",
    "attributes": "attributes: search and sorting of portraits",
    "mask": "mask: counting masks, reminders at a door",
    "landmarks": "landmarks: aligning, cropping and drawing on faces",
    "verify": "verify: comparing two photographs that both people know of, with a person who decides in the end",
    "detect": "detect: finding faces to count, blur, crop or hand to the other tasks",
    "synthesis": "synthesis: pictures of nobody for mock-ups and tests",
}
DETECTOR_USES: Final = "a step of the detector; see the card of the network that begins it"
GENERATOR_INPUT: Final = "100 normal numbers, drawn from a seed and multiplied by the truncation."
OUT_OF_SCOPE: Final = (
    "Decisions about a person: work, credit, police, asylum, health.",
    "Watching people, or telling who somebody is without their knowledge.",
    "Photographs unlike those it was measured on, without measuring on some of your own first.",
)
REPRODUCE: Final = {
    "face": "make train-expression DATA=DIR WORK=DIR && make train-face DATA=DIR WORK=DIR",
    "dcgan 2.0.0": "make train-gan DATA=DIR WORK=DIR && python -m ml.training.directions",
    "expression": "make train-expression DATA=DIR WORK=DIR",
    "mesh": "make train-landmarks DATA=DIR WORK=DIR",
    "mobilefacenet": "make import-weights ARGS='--only mobilefacenet' && make train-verification DATA=DIR WORK=DIR",
    **{f"mtcnn-{stage}net": "make import-weights ARGS='--only mtcnn'" for stage in "pro"},
}
"""Name, or name and version -> command; networks that are not named here are imported as published."""

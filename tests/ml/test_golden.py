"""Golden answers: what the shipped weights say about public-domain photographs.

`python -m tests.ml.test_golden` writes golden.json anew after a network has changed; read the difference before you commit it.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

from ml.engine import PHOTO_TASKS, Engine
from ml.images import decode

ROOT: Final = Path(__file__).parents[2]
GOLDEN: Final = Path(__file__).with_name("golden.json")
SAMPLES: Final = ("astronaut", "grace_hopper", "group")
TOLERANCE: Final = {"box": 2.0, "points": 2.0, "years": 1.5, "low": 2.5, "high": 2.5}
PROBABILITY: Final = 0.05  # processors round differently


def answers(engine: Engine, sample: str) -> list[dict[str, Any]]:
    photo = decode((ROOT / "static" / "samples" / f"{sample}.jpg").read_bytes())
    report = engine.analyze(photo, PHOTO_TASKS)
    faces = sorted(report.faces, key=lambda face: float(face.face.box_xyxy[0]))
    return [
        {"box": face.face.box_xyxy.tolist()} | {name: asdict(result) for name, result in face.results.items()}
        for face in faces
    ]


def differences(path: str, golden: Any, answer: Any, tolerance: float) -> list[str]:
    if isinstance(golden, dict):
        if set(golden) != set(answer):
            return [f"{path}: {sorted(set(golden) ^ set(answer))}"]
        return [
            d
            for name in golden
            for d in differences(f"{path}.{name}", golden[name], answer[name], TOLERANCE.get(name, tolerance))
        ]
    if isinstance(golden, list) and golden and not isinstance(golden[0], str):
        if len(golden) != len(answer):
            return [f"{path}: {len(golden)} became {len(answer)}"]
        pairs = enumerate(zip(golden, answer, strict=True))
        return [d for index, (old, new) in pairs for d in differences(f"{path}[{index}]", old, new, tolerance)]
    same = abs(golden - answer) <= tolerance if isinstance(golden, float) else golden == answer
    return [] if same else [f"{path}: {golden} became {answer}"]


@pytest.mark.parametrize("sample", SAMPLES)
def test_golden(engine: Engine, sample: str) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))[sample]
    answer = json.loads(json.dumps(answers(engine, sample)))
    for faces in (golden, answer):
        for face in faces:  # near a half an attribute may fall on either side; its score is compared
            face["attributes"].pop("present")
    assert differences(sample, golden, answer, PROBABILITY) == []


def test_differences_are_seen() -> None:
    golden = {"box": [1.0, 2.0], "label": "a", "probability": 0.9}
    assert differences("", golden, {"box": [1.5, 2.0], "label": "a", "probability": 0.92}, PROBABILITY) == []
    assert len(differences("", golden, {"box": [9.0, 2.0], "label": "b", "probability": 0.5}, PROBABILITY)) == 3
    assert differences("", golden, {"box": [1.0]}, PROBABILITY)


def main() -> None:
    engine = Engine(ROOT / "weights")
    rounded = json.loads(
        json.dumps({name: answers(engine, name) for name in SAMPLES}), parse_float=lambda text: round(float(text), 3)
    )
    GOLDEN.write_text(json.dumps(rounded, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

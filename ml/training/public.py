"""Figures of the public networks for age, gender and expression, on the faces and by the rules of the network "face".

    python -m ml.training.public --data DIR --work DIR [--weights weights] [--choose]

measures mini-xception and tiny-xception on the validation splits, calibrates the age interval on training faces, and writes
reports and manifest entries. --choose measures on training faces instead what ml.nets fixes: margin, temperature, spread of ages.
"""

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.runtime import Network, Networks
from ml.training import calibrate, face_report
from ml.training.batches import Faces
from ml.training.corpus import open_corpus
from ml.training.entries import annotate
from ml.training.face_release import headline
from ml.training.locate import locate
from ml.training.public_choices import CHOICE_IMAGES, VERSION, answers, choices, sample

CALIBRATION_IMAGES: Final = 1500  # training faces of UTKFace that decide the age interval
_SETS: Final[Mapping[str, tuple[str, ...]]] = {
    "mini-xception": ("fer2013",),
    "tiny-xception": ("utkface", "fairface", "celeba"),
}
_TIMED_RUNS: Final = 200


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.public", description="Measure the public networks.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--work", type=Path, required=True, help="folder of the caches of ml.training.face")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--choose", action="store_true", help="margin, temperature and spread on training faces")
    arguments = parser.parse_args()
    corpus = open_corpus(arguments.data, arguments.work)
    boxes_xyxy, points_xy, _ = locate(corpus, arguments.weights, arguments.work)
    faces = Faces(corpus, boxes_xyxy, points_xy)
    networks = Networks(arguments.weights, threads=1)
    if arguments.choose:
        _say(choices(networks, faces, arguments.weights))
        return
    for name in _SETS:
        _say({name: publish(networks, name, faces, arguments.weights)})


def publish(networks: Networks, name: str, faces: Faces, weights: Path) -> dict[str, Any]:
    """Measure one network, write its report and complete its manifest entry; returns the headline figures."""
    network = networks.get(name, VERSION)
    interval = age_interval(network, faces) if "age" in network.spec.tasks else {}
    figures = measured(network, faces, interval)
    speed = milliseconds(network, networks.get("face"))
    path = weights / "reports" / f"{name}-{VERSION}.json"
    path.write_text(
        json.dumps({"network": name, "version": VERSION, **figures, "milliseconds": speed}, indent=1) + "\n", "utf-8"
    )
    headlines = {task: headline(task, found) for task, found in figures.items()}
    if "gender" in headlines:
        headlines["gender"] |= {key: figures["gender"][key]["value"] for key in ("fairface", "fairface_adults")}
    annotate(weights, name, VERSION, calibration={"age": interval} if interval else {}, metrics=headlines)
    return headlines | {"milliseconds": speed}


def measured(network: Network, faces: Faces, interval: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of each task of the network, as ml.training.face_report gives them."""
    corpus = faces.corpus
    rows = np.concatenate([corpus.rows(source, "val") for source in _SETS[network.spec.name]])
    outputs, labels = answers(network, faces, rows), corpus.labels.take(rows)
    names = dict(enumerate(corpus.groups))
    if "emotion" in network.spec.tasks:
        return {"emotion": face_report.emotion(outputs["emotion"], labels)}
    return {
        "age": face_report.age(outputs["age"], labels, names, interval),
        "gender": face_report.gender(outputs["gender"][:, 0], labels, names),
    }


def age_interval(network: Network, faces: Faces) -> dict[str, Any]:
    """[network.calibration.age] from training faces of UTKFace that chose nothing."""
    rows = sample(faces.corpus, "utkface", CHOICE_IMAGES + CALIBRATION_IMAGES)[CHOICE_IMAGES:]
    return calibrate.interval(answers(network, faces, rows)["age"], faces.corpus.labels.age_low[rows])


def milliseconds(network: Network, reference: Network) -> dict[str, float]:
    """Median time of one face for both networks, in turns so that other work on the machine slows both, and their ratio."""
    times: dict[str, list[float]] = {"network": [], "face": []}
    for _ in range(_TIMED_RUNS):
        for name, timed in (("network", network), ("face", reference)):
            batch = np.zeros(
                (1, *timed.spec.input.fixed_size, 1 if timed.spec.input.colour == "gray" else 3), np.float32
            )
            start = time.perf_counter()
            timed.run(batch)
            times[name].append(1000 * (time.perf_counter() - start))
    own, face = (float(np.median(times[name])) for name in ("network", "face"))
    return {"network": round(own, 3), "face": round(face, 3), "ratio": round(own / face, 3)}


def _say(figures: Mapping[str, Any]) -> None:
    print(json.dumps(figures, indent=1), flush=True)


if __name__ == "__main__":
    main()

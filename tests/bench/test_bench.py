"""The benchmark in its small form: two peers that need no download, a few runs, no network."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import compare, crews, environments
from bench.aims import aims
from bench.chart import chart
from bench.common import RESULTS, Settings, merge, newest, read
from bench.environments import PeerError
from bench.photographs import Photograph, photographs
from bench.report import BEGIN, END, written
from bench.rounds import Candidate, summary, take_turns
from bench.summary import summary as short_table
from bench.tables import tables
from bench.workers import Worker

ROOT = Path(__file__).parents[2]
EMPTY: dict[str, Any] = {"rows": [], "start": {}, "folder": {}, "peers": {}, "runs": 0}


def talking(tmp_path: Path, code: str) -> Worker:
    """A worker of a few lines: `answer(request)` is sent back."""
    script = tmp_path / "worker.py"
    script.write_text(
        f"import json, os, sys, time\n{code}\n"
        "for line in sys.stdin:\n    print(json.dumps(answer(json.loads(line))), flush=True)\n"
    )
    return Worker([sys.executable, str(script)], tmp_path, processors=[0])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return compare.measure(Settings(work=tmp_path_factory.mktemp("bench"), runs=2, small=True))


def test_small_form_measures_both(small: dict[str, Any]) -> None:
    detect = small["rows"][0]
    assert set(detect["figures"]) == {"hexaface", "hexaface/20px", "hexaface/blazeface", "haar"}
    assert all(figure["median"] > 0 and figure["runs"] == 2 for figure in detect["figures"].values())
    assert detect["figures"]["hexaface"]["found"] == 1
    assert small["start"]["hexaface"]["memory_mb"]["median"] > 50
    assert small["folder"]["1"]["hexaface"]["photos"] == small["folder"]["1"]["hexaface"]["faces"]


def test_small_form_is_reported(small: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    said = {"date": "2020-01-01", "processor": "p", "cores": 2, "kernel": "6", "python": "3", "load_before": [0.0]}
    merge(path, "peers", {"context": said, **json.loads(json.dumps(small))})
    files = {file.relative_to(ROOT).as_posix(): text for file, text in written(path, ROOT).items()}
    assert "| detection, one face, 640x480 |" in files["README.md"]
    assert "OpenCV Haar cascade" in files["bench/README.md"]
    assert files["bench/results/speed.svg"].startswith("<svg")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], {"runs": 0}),
        ([3.0], {"median": 3.0, "low": 3.0, "high": 3.0, "min": 3.0, "runs": 1}),
        ([4.0, 1.0, 2.0, 3.0, 5.0], {"median": 3.0, "low": 2.0, "high": 4.0, "min": 1.0, "runs": 5}),
    ],
    ids=["none", "one", "five"],
)
def test_summary(values: list[float], expected: dict[str, float]) -> None:
    assert summary(values) == expected


def test_nothing_measured_gives_empty_tables() -> None:
    assert aims(EMPTY) == []
    assert short_table(EMPTY).count("\n") == 2
    assert "#### Start" in tables(EMPTY)
    assert chart(EMPTY).startswith("<svg")


def row(task: str, photograph: str, **medians: float) -> dict[str, Any]:
    figures = {name.replace("_20px", "/20px"): {"median": ms} for name, ms in medians.items()}
    return {"task": task, "photograph": photograph, "threads": 2, "figures": figures}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([row("detect", "face-640", hexaface_20px=10, mtcnn=61)], [(6.1, True)]),
        (
            [
                row("detect", "face-640", hexaface_20px=10, mtcnn=80),
                row("detect", "face-320", hexaface_20px=10, mtcnn=59),
            ],
            [(5.9, False)],
        ),
        ([row("together", "face-640", hexaface=10, human=49)], [(4.9, False)]),
        ([row("identity", "face-640", hexaface=10, face_recognition=30)], [(3.0, True)]),
        ([row("together", "group-1", hexaface=10), row("together", "group-20", hexaface=580)], [(30.0, True)]),
    ],
    ids=["none", "detection", "least decides", "human", "identity", "further face"],
)
def test_aims(rows: list[dict[str, Any]], expected: list[tuple[float, bool]]) -> None:
    assert [(aim["measured"], aim["met"]) for aim in aims(EMPTY | {"rows": rows})] == expected


def test_recall_that_was_not_measured_is_not_claimed() -> None:
    rows = [row("detect", "face-640", hexaface_20px=10, mtcnn=80)]
    assert [aim["aim"] for aim in aims(EMPTY | {"rows": rows})] == ["detection against mtcnn, recall not measured"]


def test_lower_recall_misses_the_aim() -> None:
    detectors = {"hexaface/20px": {"fddb": {"recall": 0.8}}, "mtcnn": {"fddb": {"recall": 0.9}}}
    measured = {"photographs": {"fddb": 60}, "detectors": detectors}
    rows = [row("detect", "face-640", hexaface_20px=10, mtcnn=80)]
    assert [aim["met"] for aim in aims(EMPTY | {"rows": rows, "accuracy": measured})] == [False]


@pytest.mark.parametrize(
    ("count", "boxes", "found"),
    [
        (20, [], 0),
        (1, [[0, 0, 10, 10]], 0),
        (5, [[0, 0, 1280, 960]], 1),
    ],
    ids=["no boxes", "elsewhere", "one box for all"],
)
def test_a_box_finds_one_face(count: int, boxes: list[list[float]], found: int, tmp_path: Path) -> None:
    photograph = photographs(tmp_path, widths=(), groups=(count,))[f"group-{count}"]
    assert photograph.found(boxes) == found
    assert photograph.found([*photograph.faces]) == count


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def answer(request): sys.exit('out of memory')", "out of memory"),
        ("def answer(request): return {'error': 'no model'}", "no model"),
        ("def answer(request): time.sleep(60)", "no answer after 1 s"),
        ("def answer(request): os.kill(os.getpid(), 9)", "the worker ended"),
        ("def answer(request:", "SyntaxError"),
    ],
    ids=["exits", "says an error", "hangs", "is killed", "does not start"],
)
def test_a_worker_that_fails_says_why(code: str, words: str, tmp_path: Path) -> None:
    worker = talking(tmp_path, code)
    with pytest.raises(PeerError, match=words):
        worker.ask({"do": "run"}, seconds=1 if "after 1 s" in words else 60)
    worker.close()


def test_a_crash_in_a_row_is_reported_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "bad").mkdir()
    photograph = Photograph("none", tmp_path / "none.png", 8, 8, ())
    good = talking(tmp_path / "good", "def answer(request): return {'ms': 1.0, 'faces': []}")
    bad = talking(
        tmp_path / "bad",
        "left = [0] * 4\ndef answer(request):\n    return {'ms': 1.0, 'faces': [left.pop()][:0]} if left else sys.exit('crashed')",
    )
    those = [Candidate("good", good, "detect"), Candidate("bad", bad, "detect"), Candidate("bad/too", bad, "detect")]
    figures = take_turns(those, photograph, 5)
    good.close()
    bad.close()
    assert figures["good"]["runs"] == 5
    assert "crashed" in figures["bad"]["failed"]
    assert "crashed" in figures["bad/too"]["failed"]


def test_a_peer_that_cannot_be_installed_is_listed_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(peer: environments.Peer, work: Path) -> list[str]:
        if peer.name == "hexaface":  # the quick one stays
            raise PeerError("no such package")
        return real(peer, work)

    real = environments.command
    monkeypatch.setattr(crews, "command", refuse)
    result = compare.measure(Settings(work=tmp_path, runs=1, small=True))
    assert result["peers"]["hexaface"]["missing"] == "no such package"
    assert "**Not measured: no such package**" in tables(result)
    assert {key for row_ in result["rows"] for key in row_["figures"]} == {"haar"}


def test_every_peer_is_pinned_and_has_a_worker() -> None:
    known = environments.peers()
    assert known[0].name == "hexaface"
    for peer in known:
        if peer.runtime == "none":
            assert peer.unavailable
            continue
        assert (peer.folder / ("worker.js" if peer.runtime == "node" else "worker.py")).is_file()
        assert bool(peer.pins) == (peer.runtime != "own")
        for path in peer.pins:
            assert "://" not in path.read_text("utf-8")
            assert path.suffix != ".txt" or all("==" in line for line in path.read_text("utf-8").splitlines())


def test_sections_are_kept_when_one_is_repeated(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert read(path) == {}
    merge(path, "server", {"a": 1})
    merge(path, "peers", {"b": 2})
    merge(path, "server", {"a": 3})
    assert read(path) == {"server": {"a": 3}, "peers": {"b": 2}}


def test_both_readmes_and_the_chart_say_what_the_newest_results_say() -> None:
    path = newest(RESULTS)
    if path is None:
        assert f"{BEGIN}\n{END}" in (ROOT / "README.md").read_text("utf-8")
        return
    stale = [file.name for file, wanted in written(path).items() if file.read_text("utf-8") != wanted]
    assert stale == [], "run: make bench ARGS=report"

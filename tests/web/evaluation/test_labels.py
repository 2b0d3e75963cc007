"""Tables of labels, and mistakes in them."""

import pytest

from apps.evaluation.services import TASKS
from ml import labelled
from tests.web import archives


@pytest.mark.parametrize("task", TASKS)
def test_wrong_labels_are_told_by_line(task: str) -> None:
    header = archives.HEADERS.get(task, "file1,file2,same")
    fields = len(header.split(","))
    with pytest.raises(labelled.LabelError, match="Line 2: "):
        labelled.read(task, f"{header}\na.jpg{',nonsense' * (fields - 1)}\n", most=10)
    rows = "".join(f"{name}.jpg,{archives.TRUTHS.get(task, 'other.jpg,1')}\n" for name in ("a", "b", "c"))
    assert len(labelled.read(task, f"{header}\n{rows}", most=3)) == 3
    with pytest.raises(labelled.LabelError, match="more than 1 rows"):
        labelled.read(task, f"{header}\n{rows}", most=1)


def test_mistakes_are_told_up_to_a_number() -> None:
    table = "file,age\n" + "".join(f"{number}.jpg,old\n" for number in range(100))
    with pytest.raises(labelled.LabelError, match="and 80 more") as caught:
        labelled.read("age", table, most=200)
    assert len(caught.value.problems) == labelled.MAX_TOLD + 1

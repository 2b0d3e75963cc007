"""Where the landmark network looks a second time, and how its maps are fitted."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ml.nets import mesh_regions

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow warns about itself

facepoints = pytest.importorskip("ml.nets.facepoints")
attention = pytest.importorskip("ml.nets.attentionmesh")
fit = pytest.importorskip("ml.training.landmark_fit")
choices = pytest.importorskip("ml.training.landmark_choices")
samples = pytest.importorskip("ml.training.landmark_samples")

RNG = np.random.default_rng(5)
COUNT = 60


def _ramps() -> Any:
    """A crop whose red says the column and whose green says the row, as shares of the side."""
    columns, rows = np.meshgrid(np.arange(192), np.arange(192))
    return (np.stack([columns, rows, 0 * rows], -1)[None] / 192).astype(np.float32)


def _sampled(template_xy: Any, mesh_xy: Any) -> Any:
    layer = facepoints.Around()
    mesh = np.concatenate([mesh_xy / 192, np.zeros((468, 1))], 1)[None].astype(np.float32)
    layer(_ramps(), mesh)
    layer.set_weights([template_xy.astype(np.float32)])
    return np.asarray(layer(_ramps(), mesh))[0] * 192


@pytest.mark.parametrize(("scale", "angle"), [(1.0, 0.0), (0.8, 0.3), (1.3, -0.5)])
def test_the_second_look_lies_where_the_mesh_says(scale: float, angle: float) -> None:
    template_xy = RNG.uniform(20, 90, (468, 2))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mesh_xy = (template_xy - 55.5) @ turn.T + 95.5
    found = _sampled(template_xy, mesh_xy)
    for row, column in ((56, 55), (30, 70), (80, 41)):
        assert found[row, column, :2] == pytest.approx((np.array([column, row]) - 55.5) @ turn.T + 95.5, abs=0.02)


def test_the_second_look_repeats_the_border() -> None:
    template_xy = RNG.uniform(20, 90, (468, 2))
    found = _sampled(template_xy, template_xy - 60)
    assert found[0, 0, :2].tolist() == [0, 0]
    assert found[111, 0, 1] == pytest.approx(51, abs=0.02)


def test_template_is_centred_and_fills_the_look() -> None:
    template_xy = facepoints.template_around(RNG.normal(0, 7, (468, 2)) * (1, 1.4))
    low, high = template_xy.min(0), template_xy.max(0)
    assert (low + high) / 2 == pytest.approx([55.5, 55.5], abs=1e-3)
    assert (high - low).max() == pytest.approx(112 / facepoints.CLOSE, rel=1e-5)


@pytest.mark.parametrize("name", mesh_regions.REGIONS)
@pytest.mark.parametrize("angle", [0.0, 0.4, -0.7])
def test_a_region_lies_level_in_its_cut(name: str, angle: float) -> None:
    region, mesh = mesh_regions.REGIONS[name], RNG.uniform(0.2, 0.8, (1, 468, 3)).astype(np.float32)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[-0.12, 0], [0.12, 0], [0, -0.06], [0, 0.06]]) @ turn.T + (0.5, 0.45)
    mesh[0, list(region.vertices), :2] = (0.5, 0.45)
    mesh[0, [*region.level, *[v for v in region.vertices if v not in region.level][:2]], :2] = corners
    columns, rows = np.meshgrid(np.arange(48.0), np.arange(48.0))
    cut, matrix = attention.Cut(region)(np.stack([columns, rows], -1)[None].astype(np.float32), mesh)
    places = np.asarray(cut)[0] / 48
    assert places[8, 8] == pytest.approx((0.5, 0.45), abs=1e-4)
    across, down = places[8, 9] - places[8, 8], places[9, 8] - places[8, 8]
    assert across == pytest.approx(turn @ (1.5 / 16 * 0.24, 0), abs=1e-4)
    assert down == pytest.approx(turn @ (0, 1.5 / 16 * 0.12), abs=1e-4)
    back = np.asarray(attention.Cut.back(np.array([[[12.0, 36.0]]], np.float32), matrix))
    assert back[0, 0] == pytest.approx(places[9, 3], abs=1e-4)


def test_a_cut_beyond_the_border_repeats_it() -> None:
    mesh = np.tile(RNG.uniform(-0.4, -0.3, (1, 468, 1)), (1, 1, 3)).astype(np.float32)
    cut, _ = attention.Cut(mesh_regions.REGIONS["lips"])(
        np.arange(48.0 * 48).reshape(1, 48, 48, 1).astype(np.float32), mesh
    )
    assert np.asarray(cut).max() == 0


def test_refining_moves_lips_and_eyes_alone() -> None:
    mesh = RNG.uniform(0, 1, (2, 468, 3)).astype(np.float32)
    near = RNG.uniform(0, 1, (2, mesh_regions.POINTS, 2)).astype(np.float32)
    found = np.asarray(attention.refined(mesh, near))
    moved = [vertex for vertex in mesh_regions.VERTICES if vertex is not None]
    assert len(set(moved)) == len(moved) == 222
    np.testing.assert_array_equal(found[:, moved, :2], near[:, [v is not None for v in mesh_regions.VERTICES]])
    others = np.setdiff1d(np.arange(468), moved)
    np.testing.assert_array_equal(found[:, others], mesh[:, others])
    np.testing.assert_array_equal(found[:, :, 2], mesh[:, :, 2])


def test_mirror_pairs_points() -> None:
    shape_xy = np.array([[-2.0, 0], [2.1, 0], [0, 3], [-1, 5], [1.05, 5]])
    assert fit.mirror_of(shape_xy).tolist() == [1, 0, 2, 4, 3]


def _data(source: str = "helen") -> tuple[Any, tuple[Any, Any]]:
    """Faces whose points are linear in their features, relative to the mesh, and the layer that makes the meshes."""
    kernel, bias = RNG.normal(0, 0.4, (288, 1404)).astype(np.float32), RNG.uniform(0, 192, 1404).astype(np.float32)
    trunk = RNG.normal(0, 1, (COUNT, 1, 288)).astype(np.float32)
    meshes = ((trunk @ kernel + bias) / 192).reshape(COUNT, 1, 468, 3)
    centred = (meshes - meshes.mean(2, keepdims=True))[..., :2]
    size = np.sqrt((centred**2).mean((2, 3)))[..., None]
    near, second = RNG.normal(0, 1, (COUNT, 1, facepoints.NEAR)), RNG.normal(0, 1, (COUNT, 1, 256))
    features = np.concatenate([trunk / size, 1 / size, near, second], 2).astype(np.float32).repeat(2, axis=1)
    meshes = np.concatenate([meshes, meshes * (-1, 1, 1) + (191 / 192, 0, 0)], axis=1).astype(np.float32)
    half = RNG.uniform(0.1, 1, (34, 2))
    shape = np.concatenate([half, half * (-1, 1)])
    points = shape * size[:, 0, :, None] + meshes[:, 0].mean(1)[:, None, :2]
    words = [np.array([text] * COUNT) for text in ("train", source, "")]
    return samples.Samples(meshes, features, points, second[:, 0].astype(np.float32), *words), (kernel, bias)


def test_the_space_gives_the_normalised_mesh() -> None:
    data, head = _data()
    space = fit.space_of(data.features[:, 0], head)
    expected, _, _ = facepoints.facemesh.normalise(data.meshes[:, 0])
    assert np.abs(data.features[:, 0, : facepoints.TRUNK + 1] @ space.mesh - expected).max() < 1e-3
    seen = space.seen(data.features[:, 0])[:, : facepoints.TRUNK + 1]
    apart = np.linalg.norm(seen[0] - seen[1]) / np.linalg.norm(expected[0] - expected[1])
    assert apart == pytest.approx(1, abs=1e-3)


def test_a_plain_map_says_what_the_seen_one_does() -> None:
    data, head = _data()
    space = fit.space_of(data.features[:, 0], head)
    kernel, bias = RNG.normal(0, 1, (facepoints.FEATURES, 4)), RNG.normal(0, 1, 4)
    plain = space.plain(kernel, bias)
    expected = space.seen(data.features[:, 0]) @ kernel + bias
    assert data.features[:, 0].astype(np.float64) @ plain[0] + plain[1] == pytest.approx(expected, abs=1e-6)


def test_points_that_are_not_visible_do_not_pull() -> None:
    data, head = _data()
    space = fit.space_of(data.features[:, 0], head)
    points = data.points.copy()
    points[::3, 5] = np.nan
    found = fit.predict76(fit.fit76(replace(data, points=points), space), data)
    assert found.shape == (COUNT, 76, 2)
    assert np.abs(found[:, :68] - data.points).max() < 0.01


def test_mirroring_keeps_what_a_set_puts_to_one_side() -> None:
    data, _ = _data()
    _, before = fit.both(data)
    _, after = fit.both(replace(data, points=np.add(data.points, (0.05, 0))))
    moved = (after - before).mean(axis=(0, 1)), (after[COUNT:] - before[COUNT:]).mean(axis=(0, 1))
    assert moved[0][0] > 0.01
    assert moved[1] == pytest.approx(moved[0], abs=1e-6)


def test_frames_of_one_person_share_a_fold() -> None:
    faces = np.repeat(np.eye(20, dtype=np.float32), 3, axis=0)
    folds = choices._folds(np.array(["one"] * 60), faces)
    assert (folds.reshape(20, 3) == folds.reshape(20, 3)[:, :1]).all()
    assert len(set(folds)) == choices.FOLDS

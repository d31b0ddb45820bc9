"""Scenes are made once, side by side, whoever dies: what is on disk is whole, and goes on where it stopped."""

import json
from pathlib import Path

import numpy as np
import pytest

from foundation_pose_ros import InputRefused

pytest.importorskip("pydantic", reason="descriptions need pydantic")
from foundation_pose_ros.cli.app import main
from foundation_pose_ros.datasets.bop_scene import BopScene
from foundation_pose_ros.scenes.body_spec import BodySpec, Design
from foundation_pose_ros.scenes.generation import Generation, GivenScenes, dataset_in
from foundation_pose_ros.scenes.procedural import ProceduralChoices, ProceduralComposer
from foundation_pose_ros.scenes.scene_spec import CameraPath, SceneSpec
from foundation_pose_ros.scenes.workers import TRIES, made_by_processes, made_by_ray, made_here

COMPOSER = ProceduralComposer(ProceduralChoices(objects=(1, 2), clutter=(0, 2), width_px=160, height_px=120, frames=2))


@pytest.fixture(scope="module", autouse=True)
def jobs():
    """Other processes import the jobs by their module's name, which they need to find."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        import marking

        yield marking


def check(outcomes, job) -> None:
    """Each scene is there once, and those that must are done."""
    assert sorted(outcome.number for outcome in outcomes) == list(range(8))
    failed = {outcome.number: outcome.error for outcome in outcomes if outcome.error}
    assert set(failed) == {*job.dies, *job.refuses}
    for number in range(8):
        expected = TRIES if number in job.dies else 2 if number in job.dies_once else 1
        assert job.times(number) == expected, number
    assert "no room" in failed[5] and "died" in failed[3]


@pytest.mark.slow
def test_a_process_that_dies_costs_its_scene_only(jobs, tmp_path):
    job = jobs.Marking(tmp_path, dies_once=(1,), dies=(3,), refuses=(5,))
    check(list(made_by_processes(job, range(8), 2)), job)


@pytest.mark.slow
def test_a_worker_of_ray_that_dies_costs_its_scene_only(jobs, tmp_path):
    ray = pytest.importorskip("ray", reason="needs Ray, a wheel too large for these tests' environment")
    ray.cloudpickle.register_pickle_by_value(jobs)
    job = jobs.Marking(tmp_path, dies_once=(1,), dies=(3,), refuses=(5,))
    check(list(made_by_ray(job, range(8), "local")), job)


@pytest.mark.slow
def test_a_node_of_ray_that_is_killed_costs_no_scene(jobs, tmp_path):
    ray = pytest.importorskip("ray", reason="needs Ray, a wheel too large for these tests' environment")
    from ray.cluster_utils import Cluster

    ray.cloudpickle.register_pickle_by_value(jobs)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        node = cluster.add_node(num_cpus=1)
        job = jobs.Marking(tmp_path, takes_s=1.0)
        outcomes = made_by_ray(job, range(8), cluster.address)
        first = next(outcomes)
        cluster.remove_node(node, allow_graceful=False)
        numbers = sorted(outcome.number for outcome in (first, *outcomes) if outcome.error is None)
        assert numbers == list(range(8))
        # Only what the node was at was begun again.
        assert sum(job.times(number) for number in range(8)) <= 10
    finally:
        cluster.shutdown()


def test_scenes_are_made_in_this_process_too(jobs, tmp_path):
    job = jobs.Marking(tmp_path, refuses=(5,))
    outcomes = list(made_here(job, range(8)))
    assert [outcome.number for outcome in outcomes if outcome.error] == [5]


def files_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Three scenes, made in one go."""
    folder = dataset_in(tmp_path_factory.mktemp("whole"))
    run = Generation(folder, COMPOSER, scenes=3, first_seed=10)
    assert all(outcome.error is None for outcome in run.run(run.open()))
    return folder


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_and_ends_alike(whole, tmp_path):
    folder = dataset_in(tmp_path)
    first = Generation(folder, COMPOSER, scenes=2, first_seed=10)
    outcomes = first.run(first.open())
    next(outcomes)
    outcomes.close()
    # One that was killed leaves half a scene, which nobody takes for a whole one.
    (tmp_path / "train" / ".000001.elsewhere.1" / "rgb").mkdir(parents=True)
    done = (tmp_path / "train" / "000000" / "scene_camera.json").stat().st_mtime_ns
    second = Generation(folder, COMPOSER, scenes=3, first_seed=10)
    numbers = second.open()
    assert numbers == [1, 2]
    assert all(outcome.error is None for outcome in second.run(numbers))
    assert (tmp_path / "train" / "000000" / "scene_camera.json").stat().st_mtime_ns == done
    assert files_of(tmp_path) == files_of(whole.root)
    assert second.open() == []


def test_a_folder_of_another_run_is_refused(whole):
    with pytest.raises(InputRefused, match="another --output"):
        Generation(whole, COMPOSER, scenes=3, first_seed=11).open()


@pytest.mark.slow
def test_what_was_written_is_evaluated(tmp_path):
    """Registrations from the written masks find the written truth."""
    spec = SceneSpec(
        objects=(BodySpec(what=Design(design="cracker_box")),),
        camera=CameraPath(width_px=320, height_px=240, frames=2),
        supersample=1,
    )
    run = Generation(dataset_in(tmp_path / "data"), GivenScenes([spec]), scenes=1)
    assert [outcome.error for outcome in run.run(run.open())] == [None]
    report = tmp_path / "report.json"
    assert main(["evaluate", str(run.folder.root / "train" / "000000"), "--output", str(report)]) == 0
    overall = json.loads(report.read_text())["overall"]
    assert overall["n"] == 2
    assert overall["mssd_recall_0.1d"] == 1
    assert overall["median_translation_mm"] < 5


def test_the_written_scene_shows_where_its_objects_are(whole):
    scene = BopScene(whole.root / "train" / "000000")
    assert len(scene.frame_ids) == 2
    for name in scene.object_names:
        mask, frame = scene.mask("000000", name), scene.frame("000000")
        if mask is None:
            continue
        shown = frame.depth_m[mask & (frame.depth_m > 0)]
        centre_m = scene.truth("000000", name)[:3] @ np.append(scene.model(name).centre_m, 1)
        assert abs(np.median(shown) - centre_m[2]) < scene.model(name).diameter_m


@pytest.mark.slow
@pytest.mark.usefixtures("seeds_of_all_processes")
def test_the_command_writes_a_data_set_with_a_contact_sheet(tmp_path, capsys):
    command = ["generate", "--scenes", "2", "--frames", "1", "--width", "96", "--height", "72", "--processes", "2"]
    assert main([*command, "--output", str(tmp_path)]) == 0
    assert "2 of 2 scenes" in capsys.readouterr().out
    for name in ("contact_sheet.jpg", "shards/000001.tar", "train/000001/spec.json", "models/obj_000101.ply"):
        assert (tmp_path / name).is_file(), name
    assert not list((tmp_path / "train").glob(".*"))
    # What was written describes itself: it can be made again from that alone.
    again = tmp_path / "again"
    assert main(["generate", str(tmp_path / "train" / "000001" / "spec.json"), "--output", str(again)]) == 0
    pictures = [
        BopScene(root / "train" / number).frame("000000").rgb.astype(int)
        for root, number in ((tmp_path, "000001"), (again, "000000"))
    ]
    assert (np.abs(pictures[0] - pictures[1]) > 2).mean() < 0.005


def test_a_description_that_is_wrong_is_refused_before_anything_is_written(tmp_path, capsys):
    (tmp_path / "scene.json").write_text('{"objects": [{"what": {"kind": "can", "radius_m": 9, "height_m": 0.1}}]}')
    assert main(["generate", str(tmp_path / "scene.json"), "--output", str(tmp_path / "out")]) == 1
    assert "objects.0.what.can.radius_m" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

"""Descriptions say all of a scene: what is wrong in one is named with its fix, and equal ones make equal pictures."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from foundation_pose_ros import InputRefused

pytest.importorskip("pydantic", reason="descriptions need pydantic")
from foundation_pose_ros.scenes.body_spec import BodySpec, Can, Carton, Design, PatchesSurface, Turned
from foundation_pose_ros.scenes.described import parsed
from foundation_pose_ros.scenes.ideas import SceneIdeas
from foundation_pose_ros.scenes.procedural import ProceduralChoices, ProceduralComposer
from foundation_pose_ros.scenes.scene_spec import CameraPath, ColourLens, SceneSpec
from foundation_pose_ros.scenes.spec_scene import make_described, placed

CAMERA = CameraPath(width_px=160, height_px=120, frames=2)
SPEC = SceneSpec(
    seed=5,
    objects=(
        BodySpec(what=Carton(size_m=(0.1, 0.05, 0.14)), material="paper"),
        BodySpec(what=Can(radius_m=0.03, height_m=0.1), material="metal"),
    ),
    clutter=(
        BodySpec(what=Turned(profile_m=((0.03, 0), (0.015, 0.05), (0.03, 0.1))), surface=PatchesSurface(seed=2)),
        BodySpec(what=Design(design="mug"), material="ceramic"),
    ),
    camera=CAMERA,
    supersample=1,
)


def numbers_of(schema: dict) -> list[tuple[str, dict]]:
    """Every number in a JSON schema with where it stands."""
    found = []

    def walk(node, where):
        if isinstance(node, dict):
            if node.get("type") in ("number", "integer"):
                found.append((where, node))
            for key, value in node.items():
                walk(value, f"{where}.{key}")
        elif isinstance(node, list):
            for k, value in enumerate(node):
                walk(value, f"{where}.{k}")

    walk(schema, "")
    return found


def test_every_number_has_a_range_and_a_unit():
    numbers = numbers_of(SceneSpec.model_json_schema())
    assert len(numbers) > 50
    for where, number in numbers:
        assert ("minimum" in number and "maximum" in number) or "const" in number, where
    # Alternatives (a number or nothing) are described where they stand together.
    alone = [(where, number) for where, number in numbers if ".anyOf." not in where and "const" not in number]
    assert not [where for where, number in alone if not number.get("description")]


@pytest.mark.parametrize("kind", [SceneSpec, SceneIdeas])
def test_every_field_has_a_description_of_its_own(kind):
    """A part's description says what it is, not what it is for where it stands."""
    schema = kind.model_json_schema()
    parts = {kind.__name__: schema, **schema["$defs"]}
    fields = {f"{name}.{key}": field for name, part in parts.items() for key, field in part["properties"].items()}
    assert len(fields) >= 17
    assert not [where for where, field in fields.items() if not field.get("description")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"clutter": "six"}, "clutter"),
        ({"lamp": {"elevation_deg": 120}}, "lamp.elevation_deg: Input should be less than or equal to 85"),
        ({"lamp": {"lumen": 3}}, "lamp.lumen"),
        ({"camera": {"distance": {"nearest_m": 1, "farthest_m": 0.5}}}, "camera.distance"),
        ({"objects": []}, "objects"),
        ({"objects": [{"what": {"kind": "can", "radius_m": 2, "height_m": 0.1}}]}, "objects.0.what.can.radius_m"),
        ({"objects": [{"what": {"kind": "teapot"}}]}, "objects.0.what"),
        ({"version": 2}, "version"),
        ({"arrangement": "dropped", "occlusion": 0.3}, "arrangement"),
        ({"sensor": {"depth": "lidar"}}, "realsense_d435"),
    ],
)
def test_what_is_wrong_is_named_with_what_fits(change, said):
    content = json.loads(SPEC.model_dump_json()) | change
    with pytest.raises(InputRefused) as refused:
        parsed(SceneSpec, json.dumps(content), "scene.json")
    assert refused.value.reason == "bad_scene_spec"
    assert said in str(refused.value) and "scene.json" in str(refused.value)


def test_infinities_and_other_text_are_refused():
    for text in ("", "[]", "{", SPEC.model_dump_json().replace('"radius_m":0.03', '"radius_m":NaN')):
        with pytest.raises(InputRefused):
            parsed(SceneSpec, text, "scene.json")


def test_a_description_survives_its_file():
    assert parsed(SceneSpec, SPEC.model_dump_json(), "scene.json") == SPEC


def test_a_carton_and_a_can_have_the_size_that_was_asked_for():
    scene = make_described(SPEC)
    assert scene.object_names == ["carton", "can"]
    np.testing.assert_allclose(scene.model("carton").extents_m, (0.1, 0.05, 0.14), atol=1e-4)
    np.testing.assert_allclose(scene.model("can").extents_m, (0.06, 0.06, 0.1), atol=1e-4)


@pytest.fixture(scope="module")
def scene():
    return make_described(SPEC)


def test_the_description_with_places_makes_the_same_scene(scene):
    fixed = placed(SPEC, scene)
    assert all(body.place is not None for body in (*fixed.objects, *fixed.clutter))
    again = make_described(parsed(SceneSpec, fixed.model_dump_json(), "scene.json"))
    for name in scene.object_names:
        np.testing.assert_allclose(again.truth("000001", name), scene.truth("000001", name), atol=1e-6)
    before, after = (one.frame("000001").rgb.astype(int) for one in (scene, again))
    # Places are written and read again: their last bit may differ, and with it a pixel at a border.
    assert (np.abs(before - after) > 2).mean() < 0.002


def test_print_words_change_the_print_and_nothing_else(scene):
    body = SPEC.objects[0]
    other = body.what.model_copy(update={"print": body.what.print.model_copy(update={"brand": "ZEPHYR"})})
    changed = SPEC.model_copy(update={"objects": (body.model_copy(update={"what": other}), *SPEC.objects[1:])})
    again = make_described(changed)
    np.testing.assert_array_equal(again.model("carton").vertices, scene.model("carton").vertices)
    np.testing.assert_array_equal(again.truth("000000", "can"), scene.truth("000000", "can"))
    assert (again.frame("000000").rgb != scene.frame("000000").rgb).any()


_PIXELS = """
import sys
from foundation_pose_ros.scenes.scene_spec import SceneSpec
from foundation_pose_ros.scenes.spec_scene import make_described
scene = make_described(SceneSpec.model_validate_json(sys.stdin.read()))
frame = scene.frame("000001")
sys.stdout.buffer.write(frame.rgb.tobytes() + frame.depth_m.tobytes())
"""
# Older processors have none of these; what is compiled and summed is then in another order.
_OLD_PROCESSOR = {
    "NUMBA_CPU_NAME": "x86-64",
    "NUMBA_CPU_FEATURES": "",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Nehalem",
    "OPENCV_CPU_DISABLE": "AVX2,AVX512F,FMA3",
}


@pytest.mark.slow
@pytest.mark.usefixtures("seeds_of_all_processes")
@pytest.mark.parametrize("environment", [{}, _OLD_PROCESSOR], ids=["another process", "an older processor"])
def test_equal_descriptions_make_equal_pictures(scene, environment, tmp_path):
    frame = scene.frame("000001")
    found = subprocess.run(
        [sys.executable, "-c", _PIXELS],
        input=SPEC.model_dump_json().encode(),
        capture_output=True,
        env=os.environ | environment | {"NUMBA_CACHE_DIR": str(tmp_path)},
        timeout=300,
        check=True,
    ).stdout
    rgb = np.frombuffer(found[: frame.rgb.size], np.uint8).reshape(frame.rgb.shape)
    depth_m = np.frombuffer(found[frame.rgb.size :], np.float32).reshape(frame.depth_m.shape)
    differing = (
        (np.abs(rgb.astype(int) - frame.rgb) > 1).any(axis=2).mean(),
        (np.abs(depth_m - frame.depth_m) > 1e-3).mean(),
    )
    print(environment and "older", differing, (rgb != frame.rgb).mean(), (depth_m != frame.depth_m).mean())
    if not environment:
        np.testing.assert_array_equal(rgb, frame.rgb)
        np.testing.assert_array_equal(depth_m, frame.depth_m)
    assert max(differing) < 0.005


@pytest.mark.slow
def test_glass_and_open_lenses_change_nothing_else_of_drawn_scenes():
    plain, *others = (
        ProceduralComposer(ProceduralChoices(glass_share=glass, unsharp_share=unsharp)).compose(range(20))
        for glass, unsharp in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5))
    )
    bodies = [[*spec.objects, *spec.clutter] for spec in others[0]]
    share = np.mean([body.material == "glass" for scene in bodies for body in scene])
    assert 0.35 < share < 0.65
    assert [[body.what for body in scene] for scene in bodies] == [
        [body.what for body in (*spec.objects, *spec.clutter)] for spec in plain
    ]
    opened = [spec for spec in others[1] if spec.sensor.lens.aperture_mm > 0]
    assert 4 <= len(opened) <= 16
    assert all(s.camera.distance.nearest_m <= s.sensor.lens.focus_m <= s.camera.distance.farthest_m for s in opened)
    shut = [
        spec.model_copy(update={"sensor": spec.sensor.model_copy(update={"lens": ColourLens()})}) for spec in others[1]
    ]
    assert shut == plain


def test_drawn_scenes_differ_by_seed_and_can_all_be_made():
    composer = ProceduralComposer(ProceduralChoices(width_px=96, height_px=72, frames=1))
    specs = composer.compose(range(4))
    assert composer.compose([2]) == [specs[2]]
    assert len({spec.model_dump_json() for spec in specs}) == 4
    for spec in specs:
        assert make_described(spec).frame("000000").rgb.std() > 5

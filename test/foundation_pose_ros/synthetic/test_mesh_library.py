"""Libraries of meshes: what is taken, what is left out, what is refused."""

from pathlib import Path

import pytest

from foundation_pose_ros import InputRefused
from foundation_pose_ros.synthetic.mesh_library import SHIPPABLE, MeshLibrary
from foundation_pose_ros.synthetic.meshes import make_mesh

INDEX = """name,file,licence,diameter_m,textured,has_uv,kind,attribution
cube,cube.glb,CC0-1.0,0.1,yes,yes,model,
bowl,bowl.glb,CC-BY-4.0,0.16,no,no,scan,A. Maker
mug,mug.glb,CC-BY-NC-4.0,0.12,yes,yes,scan,B. Maker
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.csv").write_text(INDEX, encoding="utf-8")
    return tmp_path


def test_meshes_that_must_not_be_shipped_are_left_out(folder):
    library = MeshLibrary.from_folder(folder)
    assert [mesh.name for mesh in library.meshes] == ["cube", "bowl"]
    bowl = library.meshes[1]
    assert bowl.path == folder / "bowl.glb"
    assert (bowl.attribution, bowl.kind, bowl.diameter_m, bowl.has_uv) == ("A. Maker", "scan", 0.16, False)
    assert library.meshes[0].textured


def test_other_licences_and_names_left_out_are_up_to_the_caller(folder):
    everything = MeshLibrary.from_folder(folder, SHIPPABLE | {"CC-BY-NC-4.0"}, left_out=["cube"])
    assert [mesh.name for mesh in everything.meshes] == ["bowl", "mug"]


def test_a_mesh_is_read_in_metres(folder):
    make_mesh("sticker_cube", 0).export(folder / "cube.glb")
    model = MeshLibrary.from_folder(folder).meshes[0].model()
    assert model.name == "cube"
    assert model.diameter_m == pytest.approx(0.1, rel=0.1)


def test_a_mesh_stays_on_its_side_whatever_else_there_is(folder):
    rows = "".join(f"m{k},m{k}.glb,MIT,0.1,no,no,cad,\n" for k in range(400))
    (folder / "index.csv").write_text(INDEX + rows, encoding="utf-8")
    rest, held = MeshLibrary.from_folder(folder).parted(0.25)
    assert 0.15 < len(held) / (len(rest) + len(held)) < 0.35
    assert not {mesh.name for mesh in rest.meshes} & {mesh.name for mesh in held.meshes}
    _, alone = MeshLibrary.from_folder(folder, left_out=[mesh.name for mesh in rest.meshes]).parted(0.25)
    assert alone == held


def test_more_of_a_library_hold_all_that_fewer_do(folder):
    rows = "".join(f"mesh_{k},cube.glb,CC0-1.0,0.1,yes,yes,model,\n" for k in range(40))
    (folder / "index.csv").write_text(INDEX + rows, encoding="utf-8")
    library = MeshLibrary.from_folder(folder)
    few, more = ({mesh.name for mesh in library.some(count).meshes} for count in (5, 20))
    assert (len(few), len(more)) == (5, 20)
    assert few < more
    assert len(library.some(1000)) == len(library)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no_meshes"),
        ("name,file\ncube,cube.glb\n", "bad_index"),
        ("name,file,licence,diameter_m\ncube,../cube.glb,MIT,0.1\n", "bad_index"),
        ("name,file,licence,diameter_m\ncube,cube.glb,MIT,wide\n", "bad_index"),
        ("name,file,licence,diameter_m\ncube,cube.glb,secret,0.1\n", "no_meshes"),
    ],
)
def test_what_is_no_library_is_refused(tmp_path, content, reason):
    if content is not None:
        (tmp_path / "index.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputRefused) as refused:
        MeshLibrary.from_folder(tmp_path)
    assert refused.value.reason == reason
    assert str(tmp_path) in str(refused.value)

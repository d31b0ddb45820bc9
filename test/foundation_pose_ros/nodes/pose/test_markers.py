"""Markers show the mesh in metres at the pose, by its file where RViz reads it, and go as they came."""

from pathlib import Path

import numpy as np
import pytest
import trimesh

pytest.importorskip("rclpy", reason="ROS 2 isn't installed here")

from geometry_msgs.msg import Point, Pose
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from foundation_pose_ros import ObjectModel
from foundation_pose_ros.nodes.pose.markers import EMBEDDED_PERIOD_S, MarkerFactory, MarkerSettings, mesh_uri
from foundation_pose_ros.nodes.pose.object_catalogue import CatalogueEntry

GREEN = (0.1, 0.9, 0.2)
HEADER, POSE = Header(frame_id="camera"), Pose(position=Point(x=0.1, y=0.2, z=0.5))


@pytest.fixture
def plain() -> ObjectModel:
    """A box of 40 x 60 x 90 mm whose mesh is in millimetres."""
    return ObjectModel.from_mesh(trimesh.creation.box((40, 60, 90)), name="box", unit="mm")


def shown(model: ObjectModel, file: str) -> list[Marker]:
    return MarkerFactory("box_2", CatalogueEntry(model, Path("/meshes") / file), GREEN).shown(HEADER, POSE, 1.25)


def test_a_file_that_rviz_reads_is_named_and_scaled_to_metres(plain):
    mesh, axes = shown(plain, "box.STL")
    assert mesh.type == Marker.MESH_RESOURCE and mesh.mesh_resource == "file:///meshes/box.STL"
    assert (mesh.scale.x, mesh.scale.y, mesh.scale.z) == pytest.approx((0.001,) * 3)
    assert not mesh.mesh_use_embedded_materials
    assert (mesh.color.r, mesh.color.g, mesh.color.b) == pytest.approx(GREEN, abs=1e-6) and 0.5 < mesh.color.a < 1
    assert axes.type == Marker.LINE_LIST


def test_a_mesh_with_colours_keeps_them(cube):
    mesh, _ = shown(cube, "cube.glb")
    assert mesh.mesh_use_embedded_materials
    assert (mesh.color.r, mesh.color.g, mesh.color.b, mesh.color.a) == (1, 1, 1, 1)


def test_of_another_format_the_triangles_are_listed_in_metres(plain):
    mesh, _ = shown(plain, "box.off")
    corners = np.array([[point.x, point.y, point.z] for point in mesh.points])
    assert mesh.type == Marker.TRIANGLE_LIST and not mesh.mesh_resource and mesh.scale.x == 1
    assert corners == pytest.approx(plain.vertices[plain.faces].reshape(-1, 3), abs=1e-7)

    # Where the object is, for RViz to follow by TF.
    assert mesh.header.frame_id == "box_2" and mesh.frame_locked and mesh.header.stamp == Header().stamp
    assert mesh.pose == Pose()


def test_embedded_triangles_are_few_and_coloured_and_sent_once_a_period(cube):
    entry = CatalogueEntry(cube, Path("/meshes/cube.glb"))
    factory = MarkerFactory("cube", entry, GREEN, MarkerSettings(embedded=True, faces=500))
    mesh, axes = factory.shown(HEADER, POSE, 1.0, "seen/")
    assert len(cube.faces) > 500
    assert 300 < len(mesh.points) / 3 <= 500 and len(mesh.colors) == len(mesh.points) / 3
    corners = np.array([[point.x, point.y, point.z] for point in mesh.points])
    assert corners.min(axis=0) == pytest.approx(cube.vertices.min(axis=0), abs=2e-3)
    assert corners.max(axis=0) == pytest.approx(cube.vertices.max(axis=0), abs=2e-3)
    assert mesh.header.frame_id == "seen/cube" and axes.header == HEADER
    # Every side of the cube has stickers of a colour of its own.
    sides = {tuple(round(3 * v) for v in (colour.r, colour.g, colour.b)) for colour in mesh.colors}
    assert len(sides) >= 5
    assert [marker.ns for marker in factory.shown(HEADER, POSE, 1.0)] == ["cube/axes"]
    assert mesh.lifetime.sec >= 2 * EMBEDDED_PERIOD_S
    factory.removed(HEADER)
    # The prefix of TF frames may be set while the node runs.
    mesh, axes = factory.shown(HEADER, POSE, 1.0, "found/")
    assert (mesh.ns, axes.ns, mesh.header.frame_id) == ("cube/mesh", "cube/axes", "found/cube")


def test_a_file_of_an_installed_package_is_named_by_the_package(tmp_path):
    share = tmp_path / "install" / "share" / "robot_parts"
    (share / "meshes").mkdir(parents=True)
    file = share / "meshes" / "gear 1.stl"
    file.touch()
    assert mesh_uri(file).startswith("file:///")
    (share / "package.xml").touch()
    assert mesh_uri(file) == "package://robot_parts/meshes/gear 1.stl"


def test_axes_are_red_green_and_blue_and_as_long_as_most_of_the_object(plain):
    _, axes = shown(plain, "box.stl")
    ends = np.array([[point.x, point.y, point.z] for point in axes.points])
    assert ends[::2] == pytest.approx(0) and ends[1::2] == pytest.approx(0.6 * plain.diameter_m * np.eye(3), abs=1e-9)
    colours = np.array([[colour.r, colour.g, colour.b] for colour in axes.colors])
    assert (colours.argmax(axis=1) == [0, 0, 1, 1, 2, 2]).all() and all(colour.a == 1 for colour in axes.colors)


def test_both_are_at_the_pose_in_the_images_frame_for_their_lifetime(plain):
    for marker in shown(plain, "box.stl"):
        assert marker.header == HEADER and marker.pose == POSE and marker.action == Marker.ADD
        assert (marker.lifetime.sec, marker.lifetime.nanosec) == (1, 250_000_000)


def test_what_was_shown_is_what_is_removed(plain):
    factory = MarkerFactory("box_2", CatalogueEntry(plain, Path("/meshes/box.stl")), GREEN)
    came, gone = factory.shown(HEADER, POSE, 1.0), factory.removed(HEADER)
    assert [(marker.ns, marker.id) for marker in gone] == [(marker.ns, marker.id) for marker in came]
    assert all(marker.action == Marker.DELETE and marker.header == HEADER for marker in gone)

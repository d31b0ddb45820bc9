"""How large an input may be. What is larger is refused by its size, before it is read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class InputLimits:
    """Sizes that no honest input comes near, and that a machine with a few gigabytes can bear.

    yaml_bytes: of a file. yaml_text_bytes: of a parameter or a request. yaml_nodes: keys, values, lists and mappings.
    yaml_depth: lists and mappings in each other. yaml_aliases: places that repeat what stands elsewhere.
    yaml_scalar_chars: of one key or value.
    instances: of one model that are tracked.
    symmetry_turns: that are declared of one object, without continuous ones.
    image_pixels: of a camera's image, a mask or a texture.
    mesh_bytes: of a file. mesh_xml_bytes: of one in XML (DAE, 3MF), unpacked. mesh_faces: of all geometries together.
    mesh_vertices: the same. mesh_parts: geometries, materials or places where they stand.
    gltf_bytes: of a glTF, of the JSON of a GLB, of the materials of an OBJ.
    arrays_bytes: of the arrays of one `.npz`, or the images of one folder, unpacked. arrays_members: how many.
    """

    yaml_bytes: int = 1 << 20
    yaml_text_bytes: int = 1 << 14
    yaml_nodes: int = 20_000
    yaml_depth: int = 32
    yaml_aliases: int = 16
    yaml_scalar_chars: int = 4_000
    instances: int = 20
    symmetry_turns: int = 1_000
    image_pixels: int = 8192 * 8192
    mesh_bytes: int = 1 << 28
    mesh_xml_bytes: int = 1 << 25
    mesh_faces: int = 2_000_000
    mesh_vertices: int = 6_000_000
    mesh_parts: int = 4_096
    gltf_bytes: int = 1 << 24
    arrays_bytes: int = 1 << 30
    arrays_members: int = 20_000


LIMITS = InputLimits()

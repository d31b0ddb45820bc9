"""The ray caster's kernel: Warp's own language, which Python's type checkers can't follow."""

# mypy: ignore-errors

import warp as wp

FARTHEST_M = wp.constant(1.0e4)


@wp.kernel
def cast_rays(
    mesh: wp.uint64,
    R_cam_obj: wp.array(dtype=wp.mat33),
    t_cam_obj: wp.array(dtype=wp.vec3),
    K: wp.array(dtype=wp.mat33),
    face: wp.array(dtype=wp.int32, ndim=3),
    barycentric: wp.array(dtype=wp.vec2, ndim=3),
    depth_m: wp.array(dtype=wp.float32, ndim=3),
):
    """One ray per pixel, taken into the object's frame; with z = 1 in the camera its length counts depth."""
    pose, row, column = wp.tid()
    k = K[pose]
    ray = wp.vec3((float(column) - k[0, 2]) / k[0, 0], (float(row) - k[1, 2]) / k[1, 1], 1.0)
    R_obj_cam = wp.transpose(R_cam_obj[pose])
    hit = wp.mesh_query_ray(mesh, -(R_obj_cam * t_cam_obj[pose]), R_obj_cam * ray, FARTHEST_M)
    if hit.result:
        face[pose, row, column] = hit.face
        # Warp counts its weights from the first corner, the others here from the second.
        barycentric[pose, row, column] = wp.vec2(hit.v, 1.0 - hit.u - hit.v)
        depth_m[pose, row, column] = hit.t
    else:
        face[pose, row, column] = -1
        barycentric[pose, row, column] = wp.vec2(0.0, 0.0)
        depth_m[pose, row, column] = 0.0

"""What the pixels of one crop say of many renderings, in one pass over each."""

import numpy as np

from ..jit import compiled

# A surface known to no better than this, in metres, was never seen.
NEVER_SEEN_M = np.float32(1e3)
# What stands in front of the object is nearer by so many tolerances, and by this in metres.
_IN_FRONT, _IN_FRONT_M = np.float32(4), np.float32(0.01)
# Share of what a pose should explain that counts at least, where the model has never seen its own surface.
_LEAST_KNOWN = 0.5
# Without depth only the outline speaks, half as loud.
_OUTLINE_ALONE = np.float32(0.5)
# Beyond this cosine between ray and normal, a surface is no steeper.
_STEEPEST = np.float32(0.2)
# Fewer pairs of pixels than this say little of an outline.
_FEWEST_BORDER = 8.0


@compiled
def judged(  # type: ignore[no-untyped-def]
    depth_m, surroundings_m, normals, rays, in_image, mask, core, surroundings, tolerance_m, rendered_m, sigma_m, agrees
):
    """Of observed pixels (N,) and renderings (B, N): agreement, inliers, visible share and outline, (B,) each.

    mask, core, surroundings (N,) bool: marked, surely marked and surely not; empty where there is no mask. sigma_m
    (B, N): how well the model knows its surface, NEVER_SEEN_M where it doesn't; empty where it knows all of it. agrees
    (B, N) float32 is filled: 0..1, how well depth agrees.
    """
    batch, count = rendered_m.shape
    agreement, inliers, visible, outline = np.empty(batch), np.empty(batch), np.empty(batch), np.ones(batch)
    masked, all_known = len(mask) > 0, len(sigma_m) == 0
    steepness = np.empty(count, np.float32)
    for i in range(count):
        cosine = abs(normals[i, 0] * rays[i, 0] + normals[i, 1] * rays[i, 1] + normals[i, 2] * rays[i, 2])
        steepness[i] = min(max(cosine, _STEEPEST), np.float32(1)) if cosine > 0 else 1  # where no normal is known
    for b in range(batch):
        explained = asked_known = asked_all = 0.0
        hits = hidden_hits = surface = both = either = 0
        for i in range(count):
            rendered, observed = rendered_m[b, i], depth_m[i]
            hit, seen = rendered > 0, observed > 0
            tolerance, unknown = tolerance_m[i], False
            if not all_known:
                unknown = sigma_m[b, i] >= NEVER_SEEN_M
                if not unknown:
                    tolerance = np.sqrt(tolerance * tolerance + sigma_m[b, i] * sigma_m[b, i])
            agrees[b, i] = 0
            marked = masked and mask[i]
            if hit and seen and not unknown and (marked or not masked):
                # Along the surface's normal: at a glancing angle a small shift is a large step in depth.
                off = (observed - rendered) * steepness[i] / tolerance
                agrees[b, i] = np.exp(np.float32(-0.5) * off * off)
            before = rendered - max(_IN_FRONT * tolerance, _IN_FRONT_M)
            if masked:
                hidden = hit and not marked and (surroundings_m[i] < before or not in_image[i] or unknown)
                wanted = (core[i] and not (hit and not seen)) or (hit and surroundings[i] and not hidden)
                asked = max((np.float32(1) if seen else _OUTLINE_ALONE) * wanted, agrees[b, i])
                both += hit and marked
                either += (hit and not hidden) or marked
            else:
                # What lies beyond the image's border is as hidden as what something stands before.
                hidden = hit and ((seen and observed < before) or not in_image[i])
                asked = np.float32(hit and seen and not hidden)
            explained += agrees[b, i]
            asked_all += asked
            asked_known += 0 if unknown else asked
            hits += hit
            hidden_hits += hidden
            surface += hit and seen and not hidden and not unknown
        # A pose that shows the side that the model never saw must not rest on a sliver of the rest.
        agreement[b] = explained / max(asked_known, _LEAST_KNOWN * asked_all, 1)
        inliers[b] = explained / max(surface, 1)
        visible[b] = 1 - hidden_hits / max(hits, 1)
        if masked:
            outline[b] = both / max(either, 1)
    return agreement, inliers, visible, outline


@compiled
def border(rendered_m, depth_m, agrees, limit_m, reach):  # type: ignore[no-untyped-def]
    """(B,): beside what share of the outline of rendered_m (B, n, n) the observed depth (n, n) leaves the surface.

    Where the object ends, what is seen `reach` pixels further on doesn't lie within limit_m (1 or B, n, n) of where its
    surface would go on to, even where it touches a neighbour. Where a pose lies in a table top whose depth agrees with
    it, it does. agrees (B, n, n): how far a pixel within the outline is to be trusted.
    """
    batch, size, _ = rendered_m.shape
    shares = np.empty(batch)
    for b in range(batch):
        away, total = _FEWEST_BORDER / 2, _FEWEST_BORDER
        limits = limit_m[b if len(limit_m) > 1 else 0]
        for v in range(size):
            for u in range(size):
                inside = rendered_m[b, v, u]
                if inside == 0 or agrees[b, v, u] == 0:
                    continue
                for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    row, column = v + reach * down, u + reach * right  # the outline's last pixel
                    y, x = row + reach * down, column + reach * right  # beyond it
                    if y < 0 or y >= size or x < 0 or x >= size or depth_m[y, x] == 0 or rendered_m[b, y, x] > 0:
                        continue
                    last = rendered_m[b, row, column]
                    if last > 0 and rendered_m[b, row + down, column + right] == 0:
                        total += agrees[b, v, u]
                        if abs(depth_m[y, x] - (2 * last - inside)) > limits[v, u]:
                            away += agrees[b, v, u]
        shares[b] = away / total
    return shares

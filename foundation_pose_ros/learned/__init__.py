"""What the networks see of a frame and of a rendering, made as in their training (Wen et al. 2024). Needs PyTorch.

Poses here are of the *centred* object: its box's middle is the origin. Poses, images and crops are tensors on one
device.
"""

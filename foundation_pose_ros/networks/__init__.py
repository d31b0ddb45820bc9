"""The two networks of FoundationPose (Wen et al. 2024), and their weights in files. Needs PyTorch."""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError(f"learned refinement and scoring need PyTorch: pip install torch safetensors ({error})") from None

from .checkpoints import load_checkpoint
from .refine_net import RefineNet
from .score_net import ScoreNet

__all__ = ["RefineNet", "ScoreNet", "load_checkpoint"]

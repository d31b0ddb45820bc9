"""The two networks of FoundationPose (Wen et al. 2024), and their weights in files. Needs PyTorch."""

from typing import TYPE_CHECKING

from ..runtime.extras import needed
from ..runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from .checkpoints import load_checkpoint
    from .refine_net import RefineNet
    from .score_net import ScoreNet
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {"RefineNet": ".refine_net", "ScoreNet": ".score_net", "load_checkpoint": ".checkpoints"},
        without=needed("learned refinement and scoring", "learned"),
    )

__all__ = ["RefineNet", "ScoreNet", "load_checkpoint"]

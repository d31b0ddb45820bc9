"""ScoreNet: which of several poses is rendered most like the picture."""

from torch import Tensor, nn

from ..errors import InputRefused
from .blocks import WIDTH, PositionEmbedding, SelfAttention, image_encoder, pair_encoder, pair_tokens
from .weights_info import PUBLISHED_SETTINGS, WeightsInfo


class ScoreNet(nn.Module):
    """The scorer of FoundationPose (Wen et al. 2024), 15.8 M parameters.

    In evaluation mode from the start: nothing here trains unless told to with `train()`. info: of its weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoderA = image_encoder()
        self.encoderAB = pair_encoder()
        self.pos_embed = PositionEmbedding()
        self.att = SelfAttention()
        self.att_cross = SelfAttention()
        self.linear = nn.Linear(WIDTH, 1)
        self.info = WeightsInfo("score", PUBLISHED_SETTINGS["score"], note="untrained")
        self.eval()

    def forward(self, rendered: Tensor, observed: Tensor, group_size: int) -> Tensor:
        """Map rendered and observed (B, 6, 160, 160) to logits (B / group_size, group_size).

        Logits order the poses of one group. They are no probabilities and depend on the whole group: those of two
        groups can't be compared. Observed may have batch 1. Raises InputRefused for other shapes.
        """
        return self.compared(self.features(rendered, observed), group_size)

    def features(self, rendered: Tensor, observed: Tensor) -> Tensor:
        """Return (B, 512), of each pair alone: a large group may be fed in parts."""
        tokens = pair_tokens(self.encoderA, self.encoderAB, self.pos_embed, rendered, observed)
        return self.att(tokens).mean(dim=1)

    def compared(self, features: Tensor, group_size: int) -> Tensor:
        """Return logits (B / group_size, group_size) of features (B, 512), each group against itself."""
        if group_size < 1 or len(features) % group_size:
            raise InputRefused(
                "bad_network_input", f"{len(features)} poses aren't groups of {group_size}: give whole groups"
            )
        groups = features.reshape(-1, group_size, WIDTH)  # (G, L, 512)
        return self.linear(self.att_cross(groups)).squeeze(-1)

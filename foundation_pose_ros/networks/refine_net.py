"""RefineNet: from a rendering and a picture to the step between their poses."""

from torch import Tensor, nn

from .blocks import HEADS, WIDTH, PositionEmbedding, image_encoder, pair_encoder, pair_tokens
from .weights_info import PUBLISHED_SETTINGS, WeightsInfo


class RefineNet(nn.Module):
    """The refiner of FoundationPose (Wen et al. 2024), 16.8 M parameters.

    In evaluation mode from the start: nothing here trains unless told to with `train()`. info: of its weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encodeA = image_encoder()
        self.encodeAB = pair_encoder()
        self.pos_embed = PositionEmbedding()
        self.trans_head = _head()
        self.rot_head = _head()
        self.info = WeightsInfo("refine", PUBLISHED_SETTINGS["refine"], note="untrained")
        self.eval()

    def forward(self, rendered: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Map rendered and observed (B, 6, 160, 160), colour and normalised XYZ, to translation and rotation (B, 3).

        Translation in object radii along the camera's axes; rotation before the tanh of the pose update. Observed may
        have batch 1, shared by all. Raises InputRefused for other shapes.
        """
        tokens = pair_tokens(self.encodeA, self.encodeAB, self.pos_embed, rendered, observed)
        return self.trans_head(tokens).mean(dim=1), self.rot_head(tokens).mean(dim=1)


def _head() -> nn.Sequential:
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, dim_feedforward=WIDTH, batch_first=True)
    return nn.Sequential(layer, nn.Linear(WIDTH, 3))

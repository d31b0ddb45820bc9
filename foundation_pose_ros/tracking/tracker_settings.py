"""What can be set of a track."""

from dataclasses import dataclass, field

from .relocalization import RelocalizationSettings
from .scene_check import SceneCheckSettings
from .second_look import SecondLookSettings
from .state_machine import StateSettings


@dataclass(frozen=True)
class TrackerSettings:
    """What a track is believed at, how it is looked for when lost, and how often a mask is tried.

    state: thresholds of states.
    relocalization: the search for a lost object; without it a doubted step isn't looked at again either.
    retry_first_s: seconds until another mask is taken after a registration that failed; twice as long each time.
    retry_longest_s: the longest that becomes.
    second_look: the search in a frame whose step is doubted.
    scene_check: the comparison with how the surroundings move.
    """

    state: StateSettings = field(default_factory=StateSettings)
    relocalization: RelocalizationSettings = field(default_factory=RelocalizationSettings)
    retry_first_s: float = 0.2
    retry_longest_s: float = 5.0
    second_look: SecondLookSettings = field(default_factory=SecondLookSettings)
    scene_check: SceneCheckSettings = field(default_factory=SceneCheckSettings)

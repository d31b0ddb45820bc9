"""So many requests in a window, and no more."""

import pytest

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.input_limits.request_rate import RequestRate


def test_requests_beyond_the_limit_are_refused_until_the_window_has_passed() -> None:
    now_s = [0.0]
    rate = RequestRate("the endpoint", 2, 60.0, lambda: now_s[0])
    rate.take()
    now_s[0] = 20.0
    rate.take()
    with pytest.raises(InputRefused, match=r"the endpoint was asked 2 times in 60 s.*wait 40 s") as refused:
        rate.take()
    assert refused.value.reason == "too_many_requests"
    now_s[0] = 60.0
    rate.take()
    with pytest.raises(InputRefused):
        rate.take()

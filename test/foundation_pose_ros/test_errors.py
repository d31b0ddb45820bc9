"""What a refusal says: never much of the input that it is about."""

import pickle

from foundation_pose_ros.errors import InputRefused, shortened


def test_long_values_keep_their_ends() -> None:
    text = shortened("begin " + "x" * 100_000 + " end")
    assert len(text) == 200 and text.startswith("begin") and text.endswith("end") and "..." in text
    assert shortened("a\n  b") == "a b"
    assert shortened("x" * 200) == "x" * 200


def test_no_message_repeats_a_large_input_and_the_fix_stays() -> None:
    refused = InputRefused("bad_name", f"{'y' * 100_000} is no name: use letters")
    assert len(str(refused)) == 1000 and str(refused).endswith("is no name: use letters")
    copy = pickle.loads(pickle.dumps(refused))
    assert (copy.reason, str(copy)) == (refused.reason, str(refused))

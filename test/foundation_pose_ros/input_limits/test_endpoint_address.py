"""Addresses of endpoints: only what a request can be sent to, and keys only where nobody else reads them."""

import pytest

from foundation_pose_ros.errors import InputRefused
from foundation_pose_ros.input_limits.endpoint_address import check_address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host/v1",
        "ftp://host/v1",
        "https://",
        "https://me:word@host/v1",
        "http://h/v1?a=b",
        "http://[::1/v1",
        "http://h:99999/v1",
    ],
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InputRefused, match="isn't of the form https://host/v1") as refused:
        check_address(url, "")
    assert refused.value.reason == "bad_endpoint"


def test_a_key_goes_over_https_or_to_this_machine_alone() -> None:
    for host in ("192.0.2.1", "example.org", "localhost.example.org"):
        with pytest.raises(InputRefused, match="a key isn't sent over http"):
            check_address(f"http://{host}/v1", "secret")
        check_address(f"http://{host}/v1", "")
    for url in ("https://192.0.2.1/v1", "http://localhost:8000/v1", "http://[::1]:8000/v1", "http://127.0.0.1/v1"):
        check_address(url, "secret")

"""Where an OpenAI-compatible endpoint is, and whether a key may be sent there."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from ..errors import InputRefused, shortened


def check_address(url: str, key: str) -> None:
    """Refuse what isn't of the form https://host/v1, and a key that others could read on its way.

    key: bearer token, or empty; it goes over https, or to this machine, alone. Raises InputRefused("bad_endpoint").
    """
    refused = InputRefused("bad_endpoint", f"endpoint {shortened(repr(url))} isn't of the form https://host/v1")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:  # brackets that don't close, a port that is no number
        raise refused from None
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query:
        raise refused
    if key and parts.scheme == "http" and not _is_this_machine(host):
        raise InputRefused("bad_endpoint", "a key isn't sent over http, which anyone may read: use https")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

"""Who gets through to a web server on loopback, and who doesn't."""

import http.client
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from foundation_pose_ros.nodes.browser.gate import _MOST_CONNECTIONS, Gate

TOKEN = "a-secret-of-the-robot"
REFUSED: Counter[str] = Counter()


@pytest.fixture
def inner_port() -> Iterator[int]:
    """A server that tells everybody everything."""

    class Open(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = f"inside {self.path}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Open)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def gate(inner_port: int) -> Iterator[Gate]:
    REFUSED.clear()
    gate = Gate("127.0.0.1", 0, inner_port, TOKEN, lambda reason, _: REFUSED.update([reason]))
    yield gate
    gate.close()


def asked(port: int, target: str = "/", **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", target, headers={name.title(): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.headers


def cookie(gate: Gate) -> str:
    """What a browser keeps of the address that it has opened."""
    kept = asked(gate.port, f"/?token={gate._token}")[2]["Set-Cookie"]
    return str(kept.partition(";")[0])


def test_without_the_token_nobody_gets_in(gate: Gate) -> None:
    for target, headers in (("/", {}), ("/?token=guess", {}), ("/x.js", {"cookie": f"{gate._cookie}=guess"})):
        status, body, _ = asked(gate.port, target, **headers)
        assert status == 401 and "inside" not in body and TOKEN not in body
    assert REFUSED == {"no_token": 3}, "counted"


def test_the_token_in_the_address_becomes_a_cookie_and_opens(gate: Gate) -> None:
    assert gate.address.endswith(f"?token={TOKEN}")
    status, _, headers = asked(gate.port, f"/?token={TOKEN}")
    assert status == 303 and headers["Location"] == "/"
    kept = headers["Set-Cookie"]
    assert "HttpOnly" in kept and "SameSite=Strict" in kept
    assert asked(gate.port, "/page", cookie=kept.partition(";")[0])[:2] == (200, "inside /page")


def test_cookies_of_other_programs_on_this_machine_do_no_harm(gate: Gate, inner_port: int) -> None:
    for other in ('notebook={"a": "b c"}', "x[y]=1", "=", "a=b=c"):
        assert asked(gate.port, cookie=f"{other}; {cookie(gate)}; {other}")[0] == 200, other
    robot_2 = Gate("127.0.0.1", 0, inner_port, "a-secret-of-robot-2")
    try:
        assert cookie(robot_2).partition("=")[0] != cookie(gate).partition("=")[0], "neither takes the other's place"
    finally:
        robot_2.close()


def test_pages_of_other_sites_do_not_get_in(gate: Gate, inner_port: int) -> None:
    kept = cookie(gate)
    assert asked(gate.port, cookie=kept, origin="http://elsewhere.example")[0] == 403
    assert asked(gate.port, cookie=kept, origin=f"http://127.0.0.1:{gate.port}")[0] == 200
    bare = Gate("127.0.0.1", 0, inner_port)
    try:
        assert asked(bare.port)[0] == 200
        assert asked(bare.port, origin="http://elsewhere.example")[0] == 403
        assert asked(bare.port, host="rebound.example")[0] == 403
    finally:
        bare.close()


def test_pages_of_other_sites_may_link_here_but_not_have_it_in_a_frame(inner_port: int) -> None:
    gate = Gate("127.0.0.1", 0, inner_port)

    def status(site: str, destination: str) -> int:
        return asked(gate.port, **{"sec-fetch-site": site, "sec-fetch-dest": destination})[0]

    try:
        for site in ("cross-site", "same-site"):  # a server on another port of this machine is of the same site
            assert status(site, "document") == 200
            for destination in ("iframe", "embed", "script", "image", "empty"):
                assert status(site, destination) == 403
        assert status("same-origin", "script") == status("none", "document") == 200
    finally:
        gate.close()


def test_a_crowd_is_kept_out_and_those_within_stay(gate: Gate) -> None:
    kept = cookie(gate)
    with ExitStack() as crowd:
        for _ in range(_MOST_CONNECTIONS):
            crowd.enter_context(socket.create_connection(("127.0.0.1", gate.port), timeout=10))
        assert asked(gate.port, cookie=kept)[0] == 503
    assert REFUSED["too_many_connections"] == 1
    assert any(asked(gate.port, cookie=kept)[0] == 200 for _ in range(100)), "once they are gone"


def test_who_says_no_more_still_gets_the_answer(gate: Gate) -> None:
    with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as connection:
        connection.sendall(f"GET /last HTTP/1.1\r\nHost: x\r\nCookie: {cookie(gate)}\r\n\r\n".encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    assert b"inside /last" in answer


def test_an_address_of_the_new_kind_can_be_opened(inner_port: int) -> None:
    try:
        gate = Gate("::1", 0, inner_port)
    except OSError as lacking:
        pytest.skip(f"no IPv6 here: {lacking}")
    try:
        assert gate.address == f"http://[::1]:{gate.port}/"
    finally:
        gate.close()


def test_a_port_that_is_taken_leaves_no_thread(gate: Gate, inner_port: int) -> None:
    with pytest.raises(OSError, match="in use"):
        Gate("127.0.0.1", gate.port, inner_port, TOKEN)
    assert [thread.name for thread in threading.enumerate()].count("gate") == 1


def test_other_machines_need_a_token(inner_port: int) -> None:
    with pytest.raises(ValueError, match="a token is needed"):
        Gate("0.0.0.0", 0, inner_port)


def test_nonsense_and_long_heads_end_without_harm(gate: Gate) -> None:
    for sent in (b"\x00\xff\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 9000, b"GET\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", gate.port), timeout=10) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            try:
                while piece := connection.recv(4096):
                    answer += piece
            except ConnectionError:
                pass
            assert b"inside" not in answer
    assert asked(gate.port, cookie=cookie(gate))[0] == 200

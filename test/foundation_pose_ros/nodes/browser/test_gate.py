"""Who gets through to a web server on loopback, and who doesn't."""

import http.client
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from foundation_pose_ros.nodes.browser.gate import Gate

TOKEN = "a-secret-of-the-robot"


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
    gate = Gate("127.0.0.1", 0, inner_port, TOKEN)
    yield gate
    gate.close()


def asked(port: int, target: str = "/", **headers: str) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", target, headers={name.title(): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.headers


def test_without_the_token_nobody_gets_in(gate: Gate) -> None:
    for target, headers in (("/", {}), ("/?token=guess", {}), ("/x.js", {"cookie": "foundation_perception=guess"})):
        status, body, _ = asked(gate.port, target, **headers)
        assert status == 401 and "inside" not in body and TOKEN not in body


def test_the_token_in_the_address_becomes_a_cookie_and_opens(gate: Gate) -> None:
    assert gate.address.endswith(f"?token={TOKEN}")
    status, _, headers = asked(gate.port, f"/?token={TOKEN}")
    assert status == 303 and headers["Location"] == "/"
    kept = headers["Set-Cookie"]
    assert "HttpOnly" in kept and "SameSite=Strict" in kept
    assert asked(gate.port, "/page", cookie=kept.partition(";")[0])[:2] == (200, "inside /page")


def test_pages_of_other_sites_do_not_get_in(gate: Gate, inner_port: int) -> None:
    cookie = f"foundation_perception={TOKEN}"
    assert asked(gate.port, cookie=cookie, origin="http://elsewhere.example")[0] == 403
    assert asked(gate.port, cookie=cookie, origin=f"http://127.0.0.1:{gate.port}")[0] == 200
    bare = Gate("127.0.0.1", 0, inner_port)
    try:
        assert asked(bare.port)[0] == 200
        assert asked(bare.port, origin="http://elsewhere.example")[0] == 403
        assert asked(bare.port, host="rebound.example")[0] == 403
    finally:
        bare.close()


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
    assert asked(gate.port, cookie=f"foundation_perception={TOKEN}")[0] == 200

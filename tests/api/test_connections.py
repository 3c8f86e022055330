"""Slow, broken and greedy clients, with sockets of their own: each is cut off, and nobody else waits for it."""

import asyncio
import json
import socket
import time
from contextlib import contextmanager

import pytest

from registry.api.connections import server_options
from registry.api.settings import read_settings
from tests.api.asking import around, echo, reply, serving

GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
BIG = 16 << 20


async def app(scope, receive, send):
    """Echoes; or sends a lot, or waits until the client is gone, or does not read."""
    match scope.get("path"):
        case "/big":
            piece = b"x" * (1 << 20)
            headers = [(b"content-length", str(BIG).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            for _ in range(BIG // len(piece)):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        case "/unread":
            await reply(send, b"not read", 200)
        case "/wait":
            await receive()
            await asyncio.sleep(0.3)
            await reply(send, b"waited")
        case "/client":
            await reply(send, f"{scope['client'][0]} {scope['scheme']}".encode())
        case "/key":
            await reply(send, dict(scope["headers"])[b"idempotency-key"])
        case _:
            await echo(scope, receive, send)


LIMITS = {
    "head_seconds_max": 0.3,
    "body_seconds_max": 0.3,
    "request_seconds_max": 5,
    "keep_alive_seconds": 0.4,
    "write_seconds_max": 0.3,
    "head_bytes_max": 2_048,
    "headers_max": 20,
    "pipelined_max": 4,
    "body_bytes_max": 4_096,
    "connections_max": 12,
    "connections_per_source_max": 8,
    "rate_read": "off",
    "rate_write": "off",
}


@pytest.fixture(scope="module")
def address():
    with serving(around(app, **LIMITS), **LIMITS) as address:
        yield address


@pytest.fixture
def connected(address):
    """Opens connections, and closes them at the end."""
    opened = []

    def connect():
        connection = socket.create_connection(address, timeout=10)
        opened.append(connection)
        return connection

    yield connect
    for connection in opened:
        connection.close()
    _until_free(address)


def _until_free(address):
    """Wait until the server has noticed that everybody left."""
    for _ in range(200):
        with socket.create_connection(address, timeout=10) as connection:
            connection.sendall(GET)
            if status(connection) == 200:
                return
    raise AssertionError("no connection is free")


def rest(connection):
    """Everything that is sent until the connection is closed."""
    said = b""
    try:
        while piece := connection.recv(1 << 16):
            said += piece
    except ConnectionResetError:
        pass
    return said


def one_answer(connection):
    """The head and body of one answer with a length; what comes after it is left there."""
    head = body = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            return head, body
        head += piece
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(length - len(body))
    return head, body


def status(connection):
    """Of the next answer; None if there is none."""
    head, _ = one_answer(connection)
    return int(head.split(b" ")[1]) if head else None


def code(said):
    """Of the problem that an answer is."""
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert b"connection: close" in head
    return int(head.split(b" ")[1]), json.loads(body)["code"]


@contextmanager
def within(seconds):
    """What is done in the block is done by then."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def test_a_request_is_answered_and_the_next_one_too(connected):
    connection = connected()

    for _ in range(3):
        connection.sendall(GET)
        head, _ = one_answer(connection)

        assert head.startswith(b"HTTP/1.1 200 ")
        assert b"server:" not in head.lower()


def test_who_says_nothing_is_cut_off(connected):
    with within(3):
        assert code(rest(connected())) == (408, "too_slow")


def test_a_head_that_comes_bit_by_bit_is_not_waited_for(connected):
    connection = connected()

    with within(3):
        for piece in (b"GET / HT", b"TP/1.1\r\nHo", b"st: here\r\n"):
            connection.sendall(piece)
        assert code(rest(connection)) == (408, "too_slow")


def test_the_second_head_is_not_waited_for_either(connected):
    connection = connected()
    connection.sendall(GET)
    assert status(connection) == 200

    with within(3):
        connection.sendall(b"GET ")
        assert code(rest(connection)) == (408, "too_slow")


def test_empty_lines_are_no_request(connected):
    connection = connected()
    connection.sendall(GET)
    assert status(connection) == 200

    with within(3):
        connection.sendall(b"\r\n")
        assert code(rest(connection)) == (408, "too_slow")


def test_who_asks_nothing_more_is_let_go(connected):
    connection = connected()
    connection.sendall(GET)
    assert status(connection) == 200

    with within(3):
        assert rest(connection) == b""


def test_a_head_without_end_is_not_read(connected):
    connection = connected()

    connection.sendall(b"GET / HTTP/1.1\r\nA: ")
    with within(3):
        try:
            for _ in range(1_000):
                connection.sendall(b"x" * 1_024)
        except (BrokenPipeError, ConnectionResetError):
            pass
        said = rest(connection)

    assert not said or code(said) == (431, "head_too_long")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 21 + b"\r\n",
        b"GET /" + b"x" * 2_100 + b" HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"x" * 2_100 + b"\r\n\r\n",
    ],
)
def test_a_head_in_one_piece_is_measured_too(connected, head):
    connection = connected()

    connection.sendall(head)

    assert code(rest(connection)) == (431, "head_too_long")


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"CONNECT here:1 HTTP/1.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\n folded: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: he\0re\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_request_is_told_so(connected, said):
    connection = connected()

    connection.sendall(said)

    assert code(rest(connection)) == (400, "bad_request")


def test_a_body_that_does_not_come_is_not_waited_for(connected):
    connection = connected()

    with within(4):
        connection.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nx")
        head, body = one_answer(connection)
        assert (head.split(b" ")[1], json.loads(body)["code"]) == (b"408", "too_slow")
        assert rest(connection) == b""


def test_a_body_that_is_too_long_is_answered_before_it_has_come(connected):
    connection = connected()

    connection.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9999\r\n\r\nx")
    head, body = one_answer(connection)

    assert (head.split(b" ")[1], json.loads(body)["code"]) == (b"413", "too_long")
    with within(4):
        connection.sendall(b"x" * 100)
        assert rest(connection) == b""


def test_who_sends_all_of_a_body_that_was_refused_may_ask_on(connected):
    connection = connected()

    connection.sendall(
        b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9999\r\n\r\n" + b"x" * 9_999 + GET
    )

    assert [status(connection), status(connection)] == [413, 200]


def test_who_sends_the_rest_after_the_answer_may_ask_on_too(connected):
    connection = connected()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 9999\r\n\r\n")
    assert status(connection) == 413

    connection.sendall(b"x" * 9_999)
    connection.sendall(GET)

    assert status(connection) == 200


def test_a_body_in_pieces_is_counted(connected):
    connection = connected()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(5):
        connection.sendall(b"400\r\n" + b"x" * 0x400 + b"\r\n")

    assert status(connection) == 413


def test_who_reads_nothing_of_an_answer_is_cut_off(address):
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(10)
        connection.connect(address)
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: here\r\n\r\n")
        connection.recv(1)

        # The server gives up while nothing is read: what is read then is not all.
        with within(8):
            _until_gone(connection)
            assert len(rest(connection)) < BIG


def test_who_reads_slowly_is_sent_all_of_it(connected):
    connection = connected()
    connection.sendall(b"GET /big HTTP/1.1\r\nHost: here\r\n\r\n")

    assert one_answer(connection)[1] == b"x" * BIG


def _until_gone(connection):
    """Wait until the other end has gone: then what is written to it comes back as an error."""
    for _ in range(400):
        try:
            connection.sendall(b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            return
        time.sleep(0.01)
    raise AssertionError("it is still there")


def test_requests_may_follow_each_other_but_not_without_end(connected):
    connection = connected()
    connection.sendall(GET * 4)
    assert [status(connection) for _ in range(4)] == [200] * 4

    connection.sendall(GET * 50)

    assert rest(connection).count(b"HTTP/1.1 200 ") < 50


def test_a_request_that_is_being_answered_is_not_spoilt_by_the_next_that_is_slow(connected):
    connection = connected()
    connection.sendall(b"GET /wait HTTP/1.1\r\nHost: here\r\n\r\nGET / HT")

    head, body = one_answer(connection)

    assert (head.split(b" ")[1], body) == (b"200", b"waited")
    with within(3):
        assert code(rest(connection)) == (408, "too_slow")


def test_an_answer_that_has_begun_is_not_mixed_with_another(connected):
    connection = connected()
    connection.sendall(b"GET /wait HTTP/1.1\r\nHost: here\r\n\r\nno request\r\n\r\n")

    assert b"400" not in rest(connection)


def test_a_body_that_nobody_reads_is_passed_over(connected):
    connection = connected()
    connection.sendall(b"POST /unread HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc" + GET)

    assert [status(connection), status(connection)] == [200, 200]


def test_who_wants_another_protocol_is_answered_in_this_one(connected):
    connection = connected()
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    connection.sendall(GET.removesuffix(b"\r\n") + upgrade)

    assert status(connection) == 200


def test_who_asks_whether_to_send_a_body_is_told_before_sending_it(connected):
    head = b"POST / HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\n"
    short, long = connected(), connected()

    short.sendall(head + b"Content-Length: 2\r\n\r\n")
    long.sendall(head + b"Content-Length: 9999\r\n\r\n")

    assert short.recv(1 << 16).startswith(b"HTTP/1.1 100 ")
    short.sendall(b"ok")
    assert one_answer(short)[1] == b"ok"
    assert status(long) == 413


def test_one_source_has_only_so_many_connections(connected):
    kept = []
    for _ in range(8):
        kept.append(connected())
        kept[-1].sendall(GET)
        assert status(kept[-1]) == 200

    assert code(rest(connected())) == (503, "too_many_connections")
    kept.pop().close()
    _until_free(kept[0].getpeername())


def test_all_together_have_only_so_many_connections():
    limits = {"connections_max": 2, "head_seconds_max": 5}
    with serving(around(app), **limits) as address:
        kept = [socket.create_connection(address, timeout=10) for _ in range(2)]
        for connection in kept:
            connection.sendall(GET)
            assert status(connection) == 200
        with socket.create_connection(address, timeout=10) as third:
            assert code(rest(third)) == (503, "too_many_connections")
        for connection in kept:
            connection.close()


FORWARDED = (
    b"GET /client HTTP/1.1\r\nHost: here\r\nX-Forwarded-For: 203.0.113.9\r\n"
    b"X-Forwarded-Proto: https\r\n\r\n"
)


def test_a_stranger_cannot_say_where_it_comes_from(connected):
    connection = connected()
    connection.sendall(FORWARDED)

    assert one_answer(connection)[1] == b"127.0.0.1 http"


def test_a_proxy_of_ours_says_where_a_request_comes_from_and_has_as_many_connections_as_it_needs():
    limits = {"trusted_proxies": "127.0.0.0/8", "connections_per_source_max": 1}
    with serving(around(app, **limits), **limits) as address:
        kept = [socket.create_connection(address, timeout=10) for _ in range(3)]
        for connection in kept:
            connection.sendall(FORWARDED)
            head, body = one_answer(connection)

            assert body == b"203.0.113.9 https"
            assert b"strict-transport-security" in head
        for connection in kept:
            connection.close()


def test_the_web_server_says_nothing_by_itself_and_believes_nobody():
    options = server_options(read_settings(stop_seconds_max=0.2))

    assert options["forwarded_allow_ips"] == []
    assert not options["proxy_headers"]
    assert not options["server_header"]
    assert not options["access_log"]
    assert options["log_config"] is None
    assert options["timeout_graceful_shutdown"] == 1


def test_the_space_around_a_header_is_no_part_of_it(connected):
    connection = connected()
    connection.sendall(b"GET /key HTTP/1.1\r\nHost: here\r\nIdempotency-Key: \t a b \t \r\n\r\n")

    assert one_answer(connection)[1] == b"a b"

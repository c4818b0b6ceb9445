"""The buffered socket against a real one: bytes whole and in order, whatever the pieces."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.ingest.bufsock import BufferedSocket


@pytest.fixture
def pair() -> Iterator[tuple[BufferedSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    yield BufferedSocket(ours), theirs
    ours.close()
    theirs.close()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(min_size=1, max_size=3000), sizes=st.lists(st.integers(1, 700), min_size=1))
def test_bytes_come_out_whole_and_in_order_whatever_is_asked_for(data: bytes, sizes: list[int]) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    sock = BufferedSocket(ours)
    try:
        theirs.sendall(data)
        got = b""
        turn = 0
        while len(got) < len(data):
            got += sock.recv(sizes[turn % len(sizes)])
            turn += 1
        assert got == data
        assert sock.pending() == 0
    finally:
        sock.close()
        theirs.close()


def test_nothing_there_is_said_and_the_end_is_empty(pair: tuple[BufferedSocket, socket.socket]) -> None:
    sock, theirs = pair
    with pytest.raises(BlockingIOError):
        sock.recv(10)
    theirs.close()
    assert sock.recv(10) == b""


def test_pending_says_what_can_be_read_without_the_network(pair: tuple[BufferedSocket, socket.socket]) -> None:
    sock, theirs = pair
    theirs.sendall(b"abcdef")
    assert sock.recv(2) == b"ab"
    assert sock.pending() == 4
    assert sock.recv(100) == b"cdef"
    assert sock.pending() == 0


def test_a_large_read_goes_past_the_buffer(pair: tuple[BufferedSocket, socket.socket]) -> None:
    sock, theirs = pair
    theirs.sendall(b"xy")
    assert sock.recv(1) == b"x"
    theirs.sendall(b"z" * 1000)
    assert sock.recv(1_000_000) == b"y"
    assert sock.recv(1_000_000) == b"z" * 1000


def test_what_is_sent_leaves_at_the_flush_and_waits_when_the_network_is_full(
    pair: tuple[BufferedSocket, socket.socket],
) -> None:
    sock, theirs = pair
    theirs.setblocking(False)
    assert sock.send(b"hello ") == 6
    sock.send(b"world")
    with pytest.raises(BlockingIOError):
        theirs.recv(100)
    assert sock.flush()
    assert theirs.recv(100) == b"hello world"
    sent = b"0123456789" * 200_000
    sock.send(sent)
    assert not sock.flush()
    got = b""
    while not sock.flush():
        got += theirs.recv(1 << 20)
    while len(got) < len(sent):
        got += theirs.recv(1 << 20)
    assert got == sent


def test_closing_sends_the_farewell(pair: tuple[BufferedSocket, socket.socket]) -> None:
    sock, theirs = pair
    sock.send(b"bye")
    sock.close()
    assert theirs.recv(100) == b"bye"
    assert theirs.recv(100) == b""


def test_closing_a_broken_connection_is_quiet(pair: tuple[BufferedSocket, socket.socket]) -> None:
    sock, theirs = pair
    theirs.close()
    sock.send(b"bye")
    sock.close()
    assert sock.fileno() == -1

"""Law 12: tests open no outside socket."""

import os
import socket
import urllib.request

import pytest

# RFC 5737 and RFC 3849 keep these for documentation: nobody ever answers there.
OUTSIDE = ("192.0.2.1", 80)
OUTSIDE_6 = ("2001:db8::1", 80)


def test_connecting_outside_fails_and_says_where_to():
    with socket.socket() as door, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        door.connect(OUTSIDE)


def test_connecting_outside_by_ipv6_fails():
    with socket.socket(socket.AF_INET6) as door, pytest.raises(AssertionError, match="2001:db8"):
        door.connect(OUTSIDE_6)


def test_connecting_outside_quietly_fails_too():
    with socket.socket() as door, pytest.raises(AssertionError):
        door.connect_ex(OUTSIDE)


def test_a_datagram_outside_fails():
    with socket.socket(type=socket.SOCK_DGRAM) as door, pytest.raises(AssertionError):
        door.sendto(b"hello", OUTSIDE)


def test_a_name_is_not_looked_up_outside():
    with pytest.raises(AssertionError, match=r"example\.org"):
        socket.getaddrinfo("example.org", 443)


def test_the_usual_clients_fail():
    with pytest.raises(AssertionError, match=r"example\.org"):
        urllib.request.urlopen("http://example.org/", timeout=1)


def test_the_own_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_connection(door.getsockname()) as visitor:
        assert visitor.getpeername() == door.getsockname()


def test_tests_run_without_a_hub():
    assert os.environ.get("HF_HUB_OFFLINE") == "1"

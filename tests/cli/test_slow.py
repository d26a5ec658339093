"""Slow clients at a real server: whose body does not come costs the others nothing."""

from __future__ import annotations

import json
import select
import socket
import time
from contextlib import ExitStack
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from started import Running

SLOW = (
    b"POST /v1/shop/receipts HTTP/1.1\r\nHost: consent.example\r\nOrigin: https://shop.example\r\n"
    b'Content-Type: text/plain\r\nContent-Length: 500\r\n\r\n{"decision":'
)
CLIENTS = 60
WAITED_FOR = 12
"""Bodies that the server waits for, without end."""


def answered(connection: socket.socket) -> bytes:
    """Return what the server says to a client before it closes the connection."""
    said = b""
    while part := connection.recv(4096):
        said += part
    return said


def told(connections: list[socket.socket], number: int) -> list[socket.socket]:
    """Wait until so many of the connections were answered, and return those."""
    for _ in range(300):
        readable, _, _ = select.select(connections, [], [], 0)
        if len(readable) >= number:
            return readable
        time.sleep(0.1)
    raise AssertionError(f"only {len(readable)} were answered")


def record(url: str, body: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
    """Post a decision; return status, answer and `Retry-After`."""
    headers = {"Origin": "https://shop.example", "Content-Type": "text/plain"}
    try:
        answer = urlopen(Request(f"{url}/v1/shop/receipts", json.dumps(body).encode(), headers), timeout=30)
    except HTTPError as refused:
        answer = refused
    with answer:
        return answer.status, json.load(answer), answer.headers.get("Retry-After", "")


def test_clients_that_never_finish_stop_nobody_else(
    serving: Callable[..., AbstractContextManager[Running]], decide: Callable[..., dict[str, Any]]
) -> None:
    """Pages are served, a decision is told to come again, and is recorded once the slow ones are gone."""
    body = decide()
    with ExitStack() as stack:
        url = stack.enter_context(serving(CONSENT_RATE_LIMIT="off")).url
        host, port = url.removeprefix("http://").split(":")
        slow = [stack.enter_context(socket.create_connection((host, int(port)), 60)) for _ in range(CLIENTS)]
        for connection in slow:
            connection.sendall(SLOW)
        urlopen(f"{url}/v1/shop/notice.json", timeout=30).close()
        refused = [answered(connection) for connection in told(slow, CLIENTS - WAITED_FOR)]
        assert all(b" 503 " in said and b"server_busy" in said for said in refused)
        status, said, retry = record(url, body)
        assert (status, said["code"]) == (503, "server_busy")
        assert int(retry) > 0
        for connection in slow:
            connection.close()
        while (answer := record(url, body))[0] == HTTPStatus.SERVICE_UNAVAILABLE:
            pass
        assert answer[0] in {200, 201}

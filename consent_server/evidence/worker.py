"""What a worker process runs (`python -m consent_server.evidence.worker`), and how the two sides talk.

A frame is its length in 8 bytes and so many bytes. The caller sends the terms, then batches of lines; each
batch is answered by one frame. The process ends with its input. It imports nothing but verification: a
process of `multiprocessing` would begin by importing all that its caller had, which takes longer.
"""

from __future__ import annotations

import gc
import marshal
import pickle
import signal
import sys
from typing import IO

from consent_server.evidence.content import Content
from consent_server.evidence.lines import Batch, Fault, Line, LineCheck

_LENGTH_BYTES = 8


def send(stream: IO[bytes], data: bytes) -> None:
    """Write a frame. Raises OSError where nobody reads any more."""
    stream.write(len(data).to_bytes(_LENGTH_BYTES))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read a frame. Raises EOFError where there is none, or not all of it."""
    length = int.from_bytes(_read(stream, _LENGTH_BYTES))
    return _read(stream, length)


def pack_batch(batch: Batch) -> bytes:
    """Return a checked batch as bytes; payloads are left out."""
    lines = [
        (line.index, line.leaf_hash, line.type, line.content and tuple(line.content)) for line in batch.lines
    ]
    # A quarter of what pickle takes, and both sides are the same interpreter.
    return marshal.dumps((lines, batch.fault and tuple(batch.fault)))


def unpack_batch(data: bytes) -> Batch:
    """Return the batch that `pack_batch` made into bytes."""
    lines, fault = marshal.loads(data)  # noqa: S302 - from a process that this one started
    return Batch(
        [Line(index, hashed, typ, content and Content(*content)) for index, hashed, typ, content in lines],
        fault and Fault(*fault),
    )


def main() -> None:
    """Check batches until there are no more."""
    # Ctrl-C reaches every process of a terminal; the caller alone decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Payloads hold no cycles, and looking for some takes a twentieth of the time.
    gc.disable()
    calls, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        check = LineCheck(pickle.loads(receive(calls)))  # noqa: S301 - from the process that started this one
        while True:
            batch = check.check(marshal.loads(receive(calls)))  # noqa: S302 - as above
            send(answers, pack_batch(batch))
    except EOFError:
        return


def _read(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


if __name__ == "__main__":
    main()

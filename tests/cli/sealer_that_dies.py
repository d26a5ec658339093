"""A sealer beside a running server, killed at one step of a sealing after the other.

Run with the server's own settings. Each step is a function that begins or ends while what waits is sealed: of
the sealer, of the storage, of its transaction, of the file that keeps the checkpoint. Copies of this process
seal as the server does; each is killed at the first step at which none was before, until one comes to its
end. Prints the name of each step at which one was killed.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consent_server.app import now, open_store
from consent_server.checkpoints import CheckedSealer, CheckpointFiles
from consent_server.consent.logs import Logs
from consent_server.consent.sealer import Sealer
from consent_server.evidence.signing import ReceiptSigner
from consent_server.keys import log_key, signing_pems
from consent_server.settings import Settings, read_settings

if TYPE_CHECKING:
    from types import FrameType

SITE = "shop"
WATCHED = ("consent/sealer.py", "storage/sealing.py", "consent_server/checkpoints.py")
OF_OTHERS = {"peewee.py": {"begin", "execute_sql", "commit"}, "pathlib.py": {"replace"}}
BEATEN = 3
"""How a copy exits that found nothing to seal: the server was quicker."""


class Death:
    """A profile function that says the first step that is not `known` to `told`, and kills this process.

    Steps are known by name: what happens again and again, once a leaf or tile, is one, and no two sealings
    need take the same ones.
    """

    def __init__(self, known: set[str], told: int) -> None:
        self._known = known
        self._told = told

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """See sys.setprofile."""
        name = step_of(frame, event, argument)
        if name is not None and name not in self._known:
            os.write(self._told, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)


def step_of(frame: FrameType, event: str, argument: Any) -> str | None:
    """Name a step, or return None for what is none."""
    file, name = frame.f_code.co_filename, frame.f_code.co_name
    if event.startswith("c_"):
        return f"{event} {argument.__name__}" if file.endswith(WATCHED[-1]) else None
    if file.endswith(WATCHED):
        return None if name.startswith("<") else f"{event} {name}"
    return f"{event} {name} of {caller(frame)}" if name in OF_OTHERS.get(Path(file).name, ()) else None


def caller(frame: FrameType | None) -> str:
    """Name the watched function that a frame works for."""
    while frame and not frame.f_code.co_filename.endswith(WATCHED):
        frame = frame.f_back
    return frame.f_code.co_name if frame else "nobody"


def seal(settings: Settings, death: Death) -> int:
    """Seal as the server does, once something waits, until death; or return how to exit."""
    store = open_store(settings)
    sealer = Sealer(store, ReceiptSigner(signing_pems(settings)), log_key(settings), now)
    checked = CheckedSealer(sealer, Logs(store, store), CheckpointFiles(settings.data_dir))
    while not store.unsealed(SITE, None, 1):
        time.sleep(0.005)
    sys.setprofile(death)
    state = checked.seal(SITE)
    sys.setprofile(None)
    return BEATEN if state is None else 0


def end_of_copy(settings: Settings, known: set[str]) -> tuple[int, str]:
    """Let a copy of this process seal; return how it ended, as waitpid says, and at which step."""
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        os._exit(seal(settings, Death(known, told)))
    os.close(told)
    with os.fdopen(heard) as said:
        return os.waitpid(child, 0)[1], said.read()


def main() -> None:
    """Let one copy after the other die, until one does not."""
    settings, known = read_settings(), set[str]()
    while True:
        status, step = end_of_copy(settings, known)
        if not status:
            return
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == BEATEN
            continue
        assert os.WTERMSIG(status) == signal.SIGKILL
        os.write(1, f"{step}\n".encode())
        known.add(step)


if __name__ == "__main__":
    main()

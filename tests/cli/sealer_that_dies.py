"""A sealer beside a running server, killed at one step of a sealing after the other.

Run with the server's own settings. Each step is a function that begins or ends while what waits is sealed: of
the sealer, of the storage, of its transaction, of the file that keeps the checkpoint. Copies of this process
seal as the server does; the first is killed at the first step, the second at the second, until one comes to
its end. Prints the name of each step at which one was killed.
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
    """A profile function that kills this process at the step of that number, having said its name.

    What happens again and again, once a leaf or tile, is a step at its first time.
    """

    def __init__(self, step: int) -> None:
        self._left = step
        self._seen: set[str] = set()

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """See sys.setprofile."""
        name = step_of(frame, event, argument)
        if name is None or name in self._seen:
            return
        self._seen.add(name)
        if not self._left:
            os.write(1, f"{name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


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


def seal(settings: Settings, step: int) -> int:
    """Seal as the server does, once something waits, and die at a step; or return how to exit."""
    store = open_store(settings)
    sealer = Sealer(store, ReceiptSigner(signing_pems(settings)), log_key(settings), now)
    checked = CheckedSealer(sealer, Logs(store, store), CheckpointFiles(settings.data_dir))
    while not store.unsealed(SITE, None, 1):
        time.sleep(0.005)
    sys.setprofile(Death(step))
    state = checked.seal(SITE)
    sys.setprofile(None)
    return BEATEN if state is None else 0


def exit_of_copy(settings: Settings, step: int) -> int:
    """Let a copy of this process seal; return how it ended, as waitpid says."""
    child = os.fork()
    if not child:
        os._exit(seal(settings, step))
    return os.waitpid(child, 0)[1]


def main() -> None:
    """Let one copy after the other die, until one does not."""
    settings, step = read_settings(), 0
    while status := exit_of_copy(settings, step):
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == BEATEN
            continue
        assert os.WTERMSIG(status) == signal.SIGKILL
        step += 1


if __name__ == "__main__":
    main()

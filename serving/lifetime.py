"""How a server ends: with the process that started it, and without delay."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NoReturn

__all__ = ["die_with_parent", "leave"]

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent ends, even by SIGKILL (Linux).

    Elsewhere nothing happens: the parent stops its servers itself when it can. The
    signal follows the parent's *thread*, so start servers from a thread that stays.
    Source: prctl(2), PR_SET_PDEATHSIG.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before the kernel was asked
        os.kill(os.getpid(), signal.SIGTERM)


def leave(code: int) -> NoReturn:
    """End this process now: taking TensorFlow's modules apart takes a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

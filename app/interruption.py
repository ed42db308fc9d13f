"""Interruption: Ctrl-C and SIGTERM stop the work where it stands, and nothing that they break on the way is taken for a failure.

The signal raises KeyboardInterrupt at once. Compiled code may turn that into another exception, or swallow it in a callback; so the
request is remembered too: `asked` tells a broken exception from a real failure, and `stop_if_asked` ends work that went on.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

_asked: signal.Signals | None = None


def listen() -> None:
    """Hear SIGINT (unless the caller had it ignored, as shells do for jobs in the background) and SIGTERM from now on."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)


def asked() -> signal.Signals | None:
    """The signal that asked to stop, if one did."""
    return _asked


def stop_if_asked() -> None:
    """Raise KeyboardInterrupt when a request to stop was lost on its way."""
    if _asked is not None:
        raise KeyboardInterrupt


def _stop(number: int, frame: FrameType | None) -> None:
    global _asked
    _asked = signal.Signals(number)
    sys.unraisablehook = lambda _: None  # what breaks in callbacks and destructors from here on is nobody's business
    raise KeyboardInterrupt

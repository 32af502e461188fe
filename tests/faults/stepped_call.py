"""A call that pauses at every step, so that a test decides which call continues."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.fakes.runs import Crash


class SteppedCall:
    """A call of the app in its own thread. `resume` runs it up to its next step."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._killed = False
        self._error: BaseException | None = None
        self.done = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def resume(self) -> None:
        """Continue up to the next step, and raise what the call raised."""
        self._go.release()
        self._stopped.acquire()
        if self.done:
            self._thread.join()
            if self._error is not None:
                raise self._error

    def kill(self) -> None:
        """End the call at its current step."""
        self._killed = True
        while not self.done:
            try:
                self.resume()
            except Crash:
                return

    def pause(self) -> None:
        """Wait for the next `resume`. The call itself uses this, in its own thread."""
        self._stopped.release()
        self._go.acquire()
        if self._killed:
            raise Crash

    @property
    def owns_thread(self) -> bool:
        """True if the current thread belongs to this call."""
        return threading.current_thread() is self._thread

    def _run(self) -> None:
        self._go.acquire()
        try:
            self._work()
        except BaseException as error:
            self._error = error
        finally:
            self.done = True
            self._stopped.release()

"""Work that stops at every step, so that a test may choose who goes on: threads by turns."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.fakes.runs import Crash


class Actor:
    """One call of the app on a thread of its own, which moves only when it is told to."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._killed = False
        self._error: BaseException | None = None
        self.done = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def resume(self) -> None:
        """Go on to the next step; raises what the work raised."""
        self._go.release()
        self._stopped.acquire()
        if self.done:
            self._thread.join()
            if self._error is not None:
                raise self._error

    def kill(self) -> None:
        """End the work where it stands."""
        self._killed = True
        while not self.done:
            try:
                self.resume()
            except Crash:
                return

    def pause(self) -> None:
        """Wait for the next `resume`; called by the work itself, on its thread."""
        self._stopped.release()
        self._go.acquire()
        if self._killed:
            raise Crash

    @property
    def runs_here(self) -> bool:
        """Whether the present thread is this actor's."""
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

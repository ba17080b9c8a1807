"""How often to look at tasks: soon at first, then every six seconds at most; half as often once Beam asks for less."""

from dataclasses import dataclass

EVERY, SLOWEST = 6.0, 60.0  # seconds a look, over minutes; at the slowest, however often Beam asks for less
FIRST_PAUSE, GROWTH = 2.0, 1.6  # what was just begun may be over soon
LEAST_PAUSE = 1.0  # seconds between two looks, however often a stream nudges
AHEAD = 4  # looks that nudges may have before their time; more wait for the usual pace
RECOVERY = 0.9  # of the pause that is left after a look that Beam answered


@dataclass
class Pace:
    """When to look next; all moments are seconds of one clock, and jitter between 0 and 1 spreads many waiters."""

    every: float = EVERY
    pause: float = FIRST_PAUSE
    poll_at: float = 0.0
    not_before: float = 0.0
    looked_at: float = 0.0
    _paid_until: float = 0.0

    @property
    def nudge_at(self) -> float:
        """When a look is due that a nudge asks for: at once, unless there were many lately."""
        return max(self.looked_at + LEAST_PAUSE, self._paid_until - AHEAD * self.every)

    def begin(self, now: float, *, jitter: float) -> None:
        """A look begins; the pause after it is longer than the last one, up to the usual pace."""
        self.looked_at = now
        self._paid_until = min(max(self._paid_until, now) + self.every, now + (AHEAD + 1) * self.every)
        self.poll_at = now + min(self.pause, self.every) * (0.95 + 0.05 * jitter)
        self.pause = min(self.pause * GROWTH, self.every)

    def answered(self) -> None:
        """Beam answered: where it had asked for less, the usual pace comes back step by step."""
        self.every = max(EVERY, self.every * RECOVERY)

    def slow_down(self, now: float, asked: float | None) -> None:
        """Beam says that there were too many requests: none for the seconds it `asked` for, then half the pace."""
        self.every = self.pause = min(self.every * 2, SLOWEST)
        self.poll_at = self.not_before = now + (self.every if asked is None else asked)

    def start_anew(self) -> None:
        """Something else is awaited from now on, which may be over soon."""
        if self.every <= EVERY:
            self.pause = FIRST_PAUSE

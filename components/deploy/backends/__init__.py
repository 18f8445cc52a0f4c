"""Where a rollout acts: something that serves two models and splits traffic."""

from __future__ import annotations

from typing import Protocol

from components.deploy.observation import Observation


class Backend(Protocol):
    """What the rollout needs of a place that serves models.

    Every call may be repeated: an action applied twice does no harm.
    """

    def prepare(self) -> None:
        """Bring up stable and candidate, candidate dark (0 % of the traffic).

        Raises EnvironmentFault when one does not become ready.
        """
        ...

    def set_traffic(self, weight: float, mirror: float) -> float:
        """Send `weight` percent to the candidate and copy `mirror` percent of the
        requests to the other arm as well; return the weight that really holds."""
        ...

    def observe(self) -> Observation | None:
        """Return the next window of traffic; None when there will be no more."""
        ...

    def resume_at(self, window: int) -> None:
        """Continue after window number `window` (a rollout that was interrupted)."""
        ...

    def promote(self) -> None:
        """Make the candidate stable and give it all traffic."""
        ...

    def roll_back(self) -> None:
        """Give stable all traffic and take the candidate down."""
        ...

    def close(self) -> None:
        """Release what `prepare` took."""
        ...

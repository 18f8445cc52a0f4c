"""What one look at the traffic says: counts, and nothing else.

A key is (metric, slice), with slice "" for all requests together. Counts of late
labels belong to the window in which the request was made, so one look brings
several strata of the metric `wrong`: one for each window whose labels came.

| metric | bad outcome of one request | where |
|---|---|---|
| error, slow, null | failed; slower than the objective; no output | strata, pairs |
| wrong | answered otherwise than its label, once that is there | strata, pairs |
| prediction | predicted this class (slice "" or one slice a class) | strata, pairs |
| unlabelled | has no label although it should have one by now | strata |
| disagree | a mirrored request answered differently by the arms | pairs |

A request counts once: in a stratum when one arm answered it, as a pair when both
did (mirrored). Evidence from the two is multiplied, which is right for different
requests only. A disagreement belongs to no arm: `canary_only` holds all of them.
"""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

ALL = ""
"""The slice that holds every request."""


class Stratum(NamedTuple):
    """Requests that saw the same world, each answered by one arm: bad (x) of n."""

    n_canary: int
    x_canary: int
    n_stable: int
    x_stable: int


class Pairs(NamedTuple):
    """Mirrored requests, answered by both arms: who alone was bad, and how often both
    were."""

    n: int
    canary_only: int
    stable_only: int
    both: int = 0


class Observation(BaseModel):
    """One window. `time` is the end of the window in minutes of event time since the
    first request; `strata` and `pairs` are keyed "metric|slice"."""

    model_config = ConfigDict(extra="forbid")

    window: int
    time: float
    requests: int
    canary_requests: int
    harmed_requests: int = 0
    canary_ready: bool = True
    stable_ready: bool = True
    labels_pending: int = 0
    strata: dict[str, list[Stratum]] = Field(default_factory=dict)
    pairs: dict[str, Pairs] = Field(default_factory=dict)


def key(metric: str, slice_key: str = ALL) -> str:
    """Return the one spelling of a (metric, slice) key: `wrong|carrier=UA`."""
    return f"{metric}|{slice_key}"

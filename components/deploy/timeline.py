"""One entry a look: enough to draw the rollout and to argue about it later."""

from __future__ import annotations

from textwrap import shorten
from typing import Any

from components.deploy import wording
from components.deploy.observation import ALL, key
from components.deploy.plan import Plan
from components.deploy.policy import Judgement, Share
from components.deploy.state import State
from components.deploy.tallies import Tally

_TOP = 3
_REASON, _LINE = 600, 120  # characters


def entry(
    plan: Plan, before: State, after: State, judged: Judgement, reasons: list[str]
) -> dict[str, Any]:
    """Return the record of one look.

    `window`, `time` (minutes of event time), `phase`, `step` (from 0) and `weight`
    (percent) during the window, cumulative `requests`, `canary_requests` and
    `harmed_requests`, `evidence` of harm against `threshold`, the `top` keys by their
    part in it (`evidence` their own e-value, `part` after weighting; counts as
    [bad, seen], pairs as [seen, canary alone bad, stable alone bad]), the `gates` with
    their evidence and counts, `next_phase`, `next_weight` and one `reason`.
    """
    gating = {gate.metric: tally_of(before, gate.metric) for gate in judged.gates}
    return {
        "window": before.window,
        "time": before.time,
        "phase": before.phase.value,
        "step": before.step,
        "weight": before.weight,
        "requests": before.requests,
        "canary_requests": before.canary_requests,
        "harmed_requests": before.harmed_requests,
        "evidence": wording.evidence(judged.harm),
        "threshold": wording.evidence(plan.threshold),
        "top": [_top(before, share) for share in judged.shares[:_TOP]],
        "gates": [
            {
                "metric": gate.metric,
                "claim": gate.claim,
                "evidence": wording.evidence(gate.log_e),
                "open": gate.open,
                **_counts(gating[gate.metric]),
            }
            for gate in judged.gates
        ],
        "next_phase": after.phase.value,
        "next_weight": after.weight,
        "reason": "; ".join(reasons)[:_REASON],
    }


def tally_of(state: State, metric: str) -> Tally:
    """Return the tally of all requests of a metric; an empty one before any."""
    return state.tallies.get(key(metric, ALL), Tally())


def line(entry: dict[str, Any]) -> str:
    """Return one line of progress for people, the reason cut short."""
    top = entry["top"][:1]
    carrier = f" ({wording.named(top[0]['key'])})" if top else ""
    return (
        f"window {entry['window']}  {entry['weight']:g} %  "
        f"canary {entry['canary_requests']:,} of {entry['requests']:,}  "
        f"evidence of harm {wording.number(entry['evidence'])}{carrier} "
        f"of {wording.number(entry['threshold'])}"
        f"  {shorten(entry['reason'], _LINE, placeholder=' ...')}"
    )


def _top(state: State, share: Share) -> dict[str, Any]:
    return {
        "key": share.key,
        "evidence": wording.evidence(share.log_e),
        "part": wording.evidence(share.log_part),
        **_counts(state.tallies[share.key]),
    }


def _counts(tally: Tally) -> dict[str, list[int]]:
    return {
        "canary": [*reversed(tally.canary)],
        "stable": [*reversed(tally.stable)],
        "pairs": list(tally.pairs[:3]),
    }

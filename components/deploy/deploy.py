"""The shell of a rollout: look, decide, act, read back, remember.

    observe -> step -> apply -> save, and the same again until it has ended

The state is saved after every look and only after its action was applied, so a
rollout that is killed anywhere goes on where it stood: the last action is applied
once more, and no action does harm twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from components.deploy import timeline
from components.deploy.backends import Backend
from components.deploy.order import Order
from components.deploy.phases import Action, Do, resume, step
from components.deploy.plan import Plan
from components.deploy.records import Records
from components.deploy.state import ENDED, OBSERVING, Phase, State
from contracts.artifacts import ROLLOUT
from contracts.decisions import RolloutDecision, RolloutResult
from contracts.errors import BadInput
from contracts.storage import (
    LocalStorage,
    Storage,
    atomic_directory,
    open_storage,
    write_text,
)


class Outcome(NamedTuple):
    """What the step returns: the decision, and whether it was made just now."""

    decision: str
    acted: bool


Open = Callable[[Order, Storage], AbstractContextManager[Backend]]
Clock = Callable[[], datetime]
Say = Callable[[str], None]


def run(
    project: str,
    model: str,
    traffic: str,
    evaluation: str,
    baseline_uri: str,
    baseline_digest: str,
    slices: list[dict[str, Any]],
    rollout: dict[str, Any],
    plant: str,
    spans: list[int],
    workspace_uri: str,
    run_id: str,
    result: str,
) -> Outcome:
    """Roll a blessed candidate out and write `result`/rollout.json.

    `baseline_uri` is empty for a first model, `rollout` when there is no plan,
    `plant` for a real rollout; a drill never touches the registry. A rollout that was
    concluded before returns what was decided then. Raises BadInput for a drill
    without a baseline and EnvironmentFault when a model does not come up.
    """
    order = Order.read(
        project=project,
        model=Path(model),
        traffic=Path(traffic),
        evaluation=Path(evaluation),
        baseline_uri=baseline_uri,
        baseline_digest=baseline_digest,
        slices=slices,
        rollout=rollout,
        plant=plant,
        spans=spans,
        run_id=run_id,
    )
    storage = open_storage(workspace_uri)
    found, acted = carry_out(order, storage, _open_local, _utc_now, _say)
    with atomic_directory(Path(result)) as folder:
        write_text(folder / ROLLOUT, found.model_dump_json(indent=1) + "\n")
    return Outcome(found.decision.value, acted)


def carry_out(
    order: Order, storage: Storage, open_backend: Open, now: Clock, say: Say
) -> tuple[RolloutResult, bool]:
    """Return the result of an order and whether anything was done for it.

    Raises BadInput for a drill without a baseline.
    """
    records = Records(order, storage, now)
    state = resume(records.state())
    if state.ended:
        say(f"this rollout was concluded before: {ENDED[state.phase]}")
        return state.result(), False
    if order.plant and not order.baseline_uri:
        raise BadInput(
            f"plant {order.plant}: {order.project} has no baseline to roll back to; "
            "promote a first model before the drill"
        )
    records.push()
    if why := order.needs_no_rollout():
        state = State(phase=Phase.SUCCEEDED, reasons=[why])
        records.settle(RolloutDecision.PROMOTED, [why])
        records.save(state)
        say(f"promoted: {why}")
        return state.result(), True
    with open_backend(order, storage) as backend:
        state = roll_out(order.plan(), backend, state, records, say)
    return state.result(), True


def roll_out(
    plan: Plan, backend: Backend, state: State, records: Records, say: Say
) -> State:
    """Drive a rollout from `state` to its end; every look is saved and said."""
    backend.prepare()
    if state.window is not None:
        backend.resume_at(state.window)
    if state.phase in OBSERVING:
        here = plan.step(state.step)
        weight = backend.set_traffic(here.weight, here.mirror)
        state = state.model_copy(update={"weight": weight})
    while not state.ended:
        looks = state.phase in OBSERVING
        seen = backend.observe() if looks else None
        approved = looks and records.approved(state.step)
        decision = step(plan, state, seen, approved)
        state = _apply(decision.action, decision.state, backend, records)
        records.save(state)
        if looks:
            say(timeline.line(state.timeline[-1]))
        else:
            say(f"{state.phase}: {'; '.join(decision.reasons)}")
    return state


def _apply(action: Action, state: State, backend: Backend, records: Records) -> State:
    """Act, and return the state with the weight that really holds."""
    if action.do is Do.SET_TRAFFIC:
        weight = backend.set_traffic(action.weight, action.mirror)
        return state.model_copy(update={"weight": weight})
    if action.do is Do.PROMOTE:
        backend.promote()
        return state.model_copy(update={"weight": 100})
    if action.do is Do.SETTLE:
        records.settle(RolloutDecision.PROMOTED, state.reasons)
    if action.do is Do.ROLL_BACK:
        backend.roll_back()
        records.settle(RolloutDecision.ROLLED_BACK, state.reasons)
        return state.model_copy(update={"weight": 0})
    return state


@contextmanager
def _open_local(order: Order, storage: Storage) -> Iterator[Backend]:
    """Two predictors on this machine. Raises what the traffic and the models raise."""
    # A rollout that was concluded before needs no server and none of its imports.
    from components.deploy.backends.local import LocalBackend

    if order.rollout is None:
        raise ValueError(f"{order.project} has no rollout plan")
    with _on_disk(order.baseline_uri) as stable:
        backend = LocalBackend(
            stable=stable,
            candidate=order.model,
            traffic=order.traffic,
            plan=order.rollout,
            slices=order.slices,
            storage=storage,
            prefix=order.prefix,
            plant=order.plant,
        )
        try:
            yield backend
        finally:
            backend.close()


@contextmanager
def _on_disk(uri: str) -> Iterator[Path]:
    """Yield a folder with what lies behind a URI."""
    storage = open_storage(uri)
    if isinstance(storage, LocalStorage):
        yield storage.root
        return
    with TemporaryDirectory(prefix="canario-stable-") as folder:
        storage.download("", Path(folder))
        yield Path(folder)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _say(line: str) -> None:
    print(line, flush=True)

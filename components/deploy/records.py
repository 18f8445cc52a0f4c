"""What a rollout leaves behind: its state, look by look, and the registry's word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pydantic import ValidationError

from components.deploy.order import Order
from components.deploy.state import State
from contracts.decisions import RolloutDecision
from contracts.errors import EnvironmentFault
from contracts.registry import ModelStatus, Registry
from contracts.storage import Storage

STATE = "state.json"


class Records:
    """`rollouts/<id>/state.json` and, except in a drill, the model registry."""

    def __init__(
        self, order: Order, storage: Storage, now: Callable[[], datetime]
    ) -> None:
        self._order = order
        self._storage = storage
        self._now = now
        self._registry = Registry(storage)

    def state(self) -> State:
        """Return where the rollout stands; a new one stands at the beginning.

        Raises EnvironmentFault when another version of canario wrote the state.
        """
        name = f"{self._order.prefix}/{STATE}"
        try:
            return State.model_validate_json(self._storage.read(name))
        except FileNotFoundError:
            return State()
        except ValidationError as error:
            raise EnvironmentFault(
                f"{self._storage.uri}/{name}: not the state of a rollout as this "
                f"version writes it ({error.error_count()} mistakes). Delete the "
                "folder to begin the rollout again."
            ) from None

    def save(self, state: State) -> None:
        """Remember the state, whole or not at all. Raises EnvironmentFault."""
        data = state.model_dump_json().encode()
        self._storage.write(f"{self._order.prefix}/{STATE}", data)

    def approved(self, step: int) -> bool:
        """Whether a person lets step `step` end: `approved-1` for the first."""
        try:
            self._storage.read(f"{self._order.prefix}/approved-{step + 1}")
        except FileNotFoundError:
            return False
        return True

    def push(self) -> None:
        """Put the candidate into the registry; once is enough."""
        order = self._order
        if not order.plant:
            self._registry.push(
                order.model, order.digest, order.run_id, order.spans, self._now()
            )

    def settle(self, decision: RolloutDecision, reasons: list[str]) -> None:
        """Write a decision into the registry; in a drill it stays untouched.

        A candidate that was live already (promoted under another plan) hands the
        traffic back to the baseline when it is rolled back.
        """
        order, now = self._order, self._now()
        if order.plant:
            return
        if decision is RolloutDecision.PROMOTED:
            self._registry.settle(order.digest, ModelStatus.LIVE, now, reasons)
            return
        live = self._registry.live()
        known = {record.digest for record in self._registry.records()}
        back = order.baseline_digest
        if live is not None and live.digest == order.digest and back in known:
            self._registry.settle(back, ModelStatus.LIVE, now, reasons)
        self._registry.settle(order.digest, ModelStatus.ROLLED_BACK, now, reasons)

"""A predictor with a fault planted on purpose, to see a rollout notice it.

    python -m serving.drill --plant wrong-on-slice --plant-slice carrier=UA ...

The other flags are those of serving.predictor, which knows nothing of this module.
Faults are planted in V1 answers, which is what a rollout replays; V2 stays right.
Which rows are hit depends on the row alone, so a drill can be repeated.
"""

from __future__ import annotations

import argparse
import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from kserve import InferRequest, InferResponse

from serving import predictor
from serving.lifetime import leave
from serving.model import Predictor

__all__ = ["Fault", "FaultyPredictor", "main"]

PLANTS = ("wrong-on-slice", "slow", "nulls")
DELAY_SECONDS = 0.25


@dataclass(frozen=True)
class Fault:
    """What is wrong: with the rows where `column` is `value`, or with a `share`."""

    plant: str
    column: str = ""
    value: str = ""
    share: float = 0.4

    def hits(self, row: Mapping[str, Any]) -> bool:
        """Return whether this row is answered badly."""
        if self.plant == "wrong-on-slice":
            return _spelled(row.get(self.column)) == self.value
        text = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
        return zlib.crc32(text) % 10_000 < self.share * 10_000


def _spelled(value: Any) -> str:
    """Name a value as slices do: 5.0 is "5"."""
    return f"{value:g}" if isinstance(value, float) else str(value)


class FaultyPredictor(Predictor):
    """The real predictor, with answers spoiled after they were computed."""

    fault: Fault

    async def predict(
        self,
        payload: dict[str, Any] | InferRequest,
        headers: Mapping[str, str] | None = None,
        response_headers: dict[str, str] | None = None,
    ) -> dict[str, Any] | InferResponse:
        """Answer like the real one, then spoil the rows that the fault hits.

        wrong-on-slice says the next class, with the probabilities moved along; slow
        waits 250 ms; nulls answers null. Raises what Predictor.predict raises.
        """
        answer = await super().predict(payload, headers, response_headers)
        if isinstance(payload, InferRequest) or isinstance(answer, InferResponse):
            return answer
        pairs = zip(payload["instances"], answer["predictions"], strict=True)
        hit = [prediction for row, prediction in pairs if self.fault.hits(row)]
        if hit and self.fault.plant == "slow":
            await asyncio.sleep(DELAY_SECONDS)
        for prediction in hit:
            if self.fault.plant == "wrong-on-slice":
                self._shift(prediction)
            elif self.fault.plant == "nulls":
                prediction.update(dict.fromkeys(prediction))
        return answer

    def _shift(self, prediction: dict[str, Any]) -> None:
        classes = self.signature.classes
        said = classes.index(prediction["class"])
        prediction["class"] = classes[(said + 1) % len(classes)]
        *front, last = prediction["probabilities"]
        prediction["probabilities"] = [last, *front]


def main(argv: list[str] | None = None) -> int:
    """Serve with the fault that the command line asks for."""
    flags = predictor.parser()
    flags.prog = "python -m serving.drill"
    flags.add_argument("--plant", choices=PLANTS, required=True)
    flags.add_argument("--plant-slice", default="", help="column=value")
    flags.add_argument(
        "--plant-share", type=float, default=0.4, help="of rows, for slow and nulls"
    )
    parsed = flags.parse_args(argv)
    if parsed.plant == "wrong-on-slice" and "=" not in parsed.plant_slice:
        flags.error("wrong-on-slice needs --plant-slice column=value")
    return predictor.serve(parsed, _faulty)


def _faulty(flags: argparse.Namespace) -> Predictor:
    model = FaultyPredictor(
        flags.model_name, flags.model_dir, flags.max_rows, flags.threads
    )
    column, _, value = flags.plant_slice.partition("=")
    model.fault = Fault(flags.plant, column, value, flags.plant_share)
    return model


if __name__ == "__main__":
    leave(main())

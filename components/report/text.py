"""Numbers and names as people read them."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

DASH = "–"  # noqa: RUF001 - the sign for "no value" in every table


def number(value: Any, digits: int = 3) -> str:
    """Return a number with `digits` significant digits and thousands separated."""
    if not is_number(value):
        return DASH
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    if abs(value) < 1e-4:
        return f"{value:.1e}"
    return f"{value:.{digits}g}"


def fixed(value: Any, places: int = 4) -> str:
    """Return a metric with the same number of decimals in every row; a count that
    stands among them (10 and above) without."""
    if is_number(value) and abs(value) >= 10:
        return number(value, places)
    return f"{value:.{places}f}" if is_number(value) else DASH


def signed(value: Any, places: int = 4) -> str:
    """Return a difference with its sign."""
    if is_number(value) and abs(value) >= 10:
        return f"{value:+,.0f}"
    return f"{value:+.{places}f}" if is_number(value) else DASH


def difference(candidate: Any, baseline: Any) -> float | None:
    """Return candidate minus baseline, None when one is not a number."""
    if is_number(candidate) and is_number(baseline):
        return float(candidate - baseline)
    return None


def percent(value: Any, places: int = 1) -> str:
    """Return a share between 0 and 1 in percent."""
    return f"{100 * value:.{places}f} %" if is_number(value) else DASH


def duration(minutes: Any) -> str:
    """Return minutes of event time in the unit that reads best."""
    if not is_number(minutes):
        return DASH
    if abs(minutes) >= 2 * 1440:
        return f"{minutes / 1440:.1f} d"
    return f"{minutes / 60:.1f} h" if abs(minutes) >= 120 else f"{minutes:.0f} min"


def compact(value: Any) -> str:
    """Return a number for a narrow column: from ten million on with an exponent."""
    large = is_number(value) and abs(value) >= 1e7
    return f"{value:.3g}" if large else number(value)


_NAMES = {
    "auc": "AUC",
    "npv": "NPV",
    "pr_auc": "PR AUC",
    "f1": "F1",
    "fr": "(FP + FN) / 2",
}


def label(metric: str) -> str:
    """Return the name of a metric as people write it: `log loss`, `AUC`."""
    return _NAMES.get(metric, metric.replace("_", " "))


def seconds(value: Any) -> str:
    """Return seconds, short ones in milliseconds."""
    if not is_number(value):
        return DASH
    return f"{value:.1f} s" if value >= 0.1 else f"{1000 * value:.0f} ms"


def spans(found: list[int]) -> str:
    """Return span numbers as ranges: [1, 2, 3, 5] is `1-3, 5`."""
    ranges: list[list[int]] = []
    for span in sorted(set(found)):
        if ranges and span == ranges[-1][1] + 1:
            ranges[-1][1] = span
        else:
            ranges.append([span, span])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in ranges)


def plural(count: int, noun: str) -> str:
    """Return `1 span`, `7 spans`, `2 anomalies`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun[-1] == "y" else f"{count:,} {noun}s"


def short(value: Any, limit: int = 22) -> str:
    """Return untrusted text on one line, at most `limit` characters, and printable.

    What SVG cannot hold (control characters) becomes a middle dot.
    """
    line = "".join(c if c.isprintable() else "·" for c in str(value))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def is_number(value: object) -> TypeGuard[float]:
    """Say whether `value` is a finite number (a bool is none)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value)

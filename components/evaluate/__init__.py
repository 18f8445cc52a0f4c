"""The offline gate: metrics by counts, comparison with intervals, blessing."""

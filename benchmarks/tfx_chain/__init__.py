"""The peer of bench_tfx.py: the same work, written for TFX."""

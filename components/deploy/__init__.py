"""Rollout: a candidate earns its traffic step by step, judged by evidence."""

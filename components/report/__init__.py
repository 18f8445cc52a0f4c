"""The page about a run: verdicts, data, learning, quality, serving, rollout."""

"""The laptop: kfp's local runner with the right interpreter and a real cache."""

ERROR_FILE_VARIABLE = "CANARIO_ERROR_FILE"
"""Environment variable of a task: where it records an error raised on purpose."""

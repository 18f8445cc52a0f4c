"""The laptop: kfp's local runner with the right interpreter and a real cache."""

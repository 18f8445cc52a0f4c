"""Raw columns to features, with constants that come from the statistics."""

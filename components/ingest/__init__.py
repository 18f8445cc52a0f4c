"""Raw files to examples: spans, versions, splits, ids, labels."""

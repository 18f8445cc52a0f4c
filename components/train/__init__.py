"""Features to a served model: overfit check, fit, export, parity gate."""

"""Use cases of the folds: `(state, message, now) -> Decision`. Pure."""

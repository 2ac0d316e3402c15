"""Use cases of the two folds: `(state, message, now) -> Decision`. Pure."""

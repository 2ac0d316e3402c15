"""Files of the exchange between LITE and customs: `licenceData`, and `licenceReply` that answers it."""

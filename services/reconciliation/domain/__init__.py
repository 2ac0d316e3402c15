"""Rules of reconciliation: shipments, licences, balances, findings. Pure."""

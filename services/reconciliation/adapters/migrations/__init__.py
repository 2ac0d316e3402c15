"""Changes of the schema `reconciliation`, in order; the runtime applies them."""

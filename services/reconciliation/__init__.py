"""Reconciliation: every shipment against the licences it draws on.

Consumes: customs.declaration, licensing.licence, .authorisation, .usage, .refusal, .denial; between its folds
reconciliation.demand, .cover, .screening, .watched and .resemblance.
Publishes: reconciliation.demand, .cover, .entry, .verdict, .finding.
Owns: the schema `reconciliation`: shipments, ledgers, entries.
Guarantees: facts in any order and number give the same demands; a balance is the sum of its entries.
"""

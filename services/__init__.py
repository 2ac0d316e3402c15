"""Tolbrug's services: who reads what, who writes what.

customs         HTTP → customs.declaration.v1; reads reconciliation.verdict.v1, and its own dead letters,
                to answer what became of a message
licensing       HTTP → licensing.licence.v1, authorisation, refusal, denial, usage and dossier
reconciliation  shipments: customs.declaration.v1, reconciliation.cover.v1 → demand, verdict, finding,
                and reminder, which it reads when a time has come
                ledger: licensing.licence.v1, authorisation and usage, reconciliation.demand.v1 → entry, cover, finding,
                and licence-reminder, which it reads when a time has come
                screening: licensing.refusal.v1, licensing.denial.v1, reconciliation.screening.v1 (of shipments)
                → watched, which its other partitions read, and resemblance, which shipments read;
                licensing.dossier.v1 → finding
alerting        reconciliation.finding.v1 → alerting.alert.v1, webhooks, SSE
simulator, embedded, cli: see each

core ← runtime ← services ← embedded, simulator ← cli. Services never import one another: they meet in `schemas/`.
"""

"""Findings become alerts, and alerts reach the people who enforce.

Consumes: reconciliation.finding.v1. Publishes: alerting.alert.v1, signed webhooks, a stream over HTTP.
Owns: PostgreSQL schema `alerting`. Guarantees: every finding is in exactly one alert, once; every revision of an alert
is delivered to the webhook at least once, with the same id each time.
"""

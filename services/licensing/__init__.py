"""The licensing authorities' door and register.

Consumes: HTTP requests of the authorities. Publishes: licensing.licence.v1, licensing.authorisation.v1,
licensing.refusal.v1, licensing.denial.v1, licensing.dossier.v1 (whole states), licensing.usage.v1 (reports of use).
Owns: PostgreSQL schema `licensing`. Guarantees: a 2xx is durable; every revision is kept and none is missing; the same
request again changes nothing.
"""

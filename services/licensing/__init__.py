"""The licensing authorities' door and register.

Consumes: HTTP requests of the authorities. Publishes: licensing.licence.v1, licensing.authorisation.v1,
licensing.refusal.v1 (whole states).
Owns: PostgreSQL schema `licensing`. Guarantees: a 2xx is durable; every revision is kept and none is missing; the same
request again changes nothing.
"""

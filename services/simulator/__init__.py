"""Both sides of the exchange, seeded: consumes nothing; publishes over the HTTP doors only;
owns the scenario, its plan of what must come out, and the comparison;
guarantees that one seed always sends the same bytes, so that playing it again, or after a crash, changes nothing.
"""

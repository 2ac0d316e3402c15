"""Which supporting documents cite an export licence.

TARIC document types of Regulation (EU) 2021/821: X060 individual, X061 to X068 Union general EU001 to EU008, X069
large project, X070 global, X071 national general, X072 transit. X002 is the single code they replaced on 2021-09-09;
messages about older declarations still state it. Other types (Y901 "not listed", invoices, transport) cite none.
"""

CITING_A_LICENCE = frozenset({"X002", *(f"X{number:03d}" for number in range(60, 73))})
"""Types of the documents that draw on a licence of the authority."""

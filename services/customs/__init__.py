"""The customs door.

Consumes: HTTP messages (AES XML, WCO-DMS XML, JSON); reconciliation.verdict.v1 for the answers it gives.
Publishes: customs.declaration.v1, facts by MRN.
Owns: the message log with the exact bytes, the joins of lodged and accepted declarations, the latest answer per MRN.
Guarantees: an answer 2xx is durable; a message counts once; what a fact says does not depend on the order of arrival.
"""

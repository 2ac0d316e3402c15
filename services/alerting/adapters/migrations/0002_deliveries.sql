-- The columns that deliveries have in every service: revisions of a subject, here an alert.
ALTER TABLE alerting.delivery RENAME COLUMN alert_id TO subject;
CREATE INDEX delivery_undelivered ON alerting.delivery (endpoint, state) WHERE state <> 'delivered';

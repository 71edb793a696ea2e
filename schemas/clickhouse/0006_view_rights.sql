-- These views read with the rights of who provisions, as those of the feeds do (services/core/contract/table.ts): their readers need no
-- right on the tables, where the causes and places of rows are.
CREATE OR REPLACE VIEW rule_quality DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT feed, producer, hour, rule, severity, sum(o.checked) AS checked, sum(o.failed) AS failed, sum(o.not_applicable) AS not_applicable
FROM rule_outcome AS o GROUP BY feed, producer, hour, rule, severity;

CREATE OR REPLACE VIEW person_link_current DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    patient_id,
    argMax(link.person_id, link.link_version) AS person_id,
    argMax(link.method, link.link_version) AS method,
    argMax(link.weight, link.link_version) AS weight,
    argMax(link.probability, link.link_version) AS probability,
    max(link.link_version) AS link_version
FROM person_link AS link GROUP BY patient_id;

-- The column persons: how many persons the records of a patient are of now (docs/adr/0060-snapshots-and-the-persons-of-projects.md). Where it is more than one, the
-- person is that of the record that was told of last.
CREATE OR REPLACE VIEW person_link_scored_current DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    patient_id,
    argMax(latest.person_id, latest.link_version) AS person_id,
    argMax(latest.method, latest.link_version) AS method,
    argMax(latest.weight, latest.link_version) AS weight,
    argMax(latest.probability, latest.link_version) AS probability,
    argMax(latest.model, latest.link_version) AS model,
    max(latest.link_version) AS link_version,
    uniqExact(latest.person_id) AS persons
FROM
(
    SELECT
        record_id,
        argMax(link.patient_id, link.link_version) AS patient_id,
        argMax(link.person_id, link.link_version) AS person_id,
        argMax(link.method, link.link_version) AS method,
        argMax(link.weight, link.link_version) AS weight,
        argMax(link.probability, link.link_version) AS probability,
        argMax(link.model, link.link_version) AS model,
        max(link.link_version) AS link_version
    FROM person_link_scored AS link GROUP BY record_id
) AS latest
WHERE latest.person_id != '' GROUP BY patient_id;

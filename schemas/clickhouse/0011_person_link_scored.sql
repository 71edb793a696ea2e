-- Persons by the linker's model (docs/adr/0041-the-linker-is-a-process.md), beside those of person_link. What projects and readers see is still
-- person_link_current. A row may be inserted twice: the highest link version of a record counts.
CREATE TABLE person_link_scored
(
    patient_id String COMMENT 'Pseudonym of the patient of the record at one producer',
    record_id String,
    person_id String COMMENT 'Of the record of the person that the linker has known longest; empty for a cancelled record',
    method LowCardinality(String) COMMENT 'scored; establishment-ipp: by the number at the producer, or linked to no other record; cancelled',
    weight Nullable(Float64) COMMENT 'Log2 odds of the strongest link to a record of the person',
    probability Nullable(Float64),
    model LowCardinality(String) COMMENT 'Version of the model',
    link_version UInt64,
    linked_at DateTime64(6, 'UTC') COMMENT 'When the gateway received the record'
)
ENGINE = ReplacingMergeTree(link_version) ORDER BY record_id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW person_link_scored_current DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    patient_id,
    argMax(latest.person_id, latest.link_version) AS person_id,
    argMax(latest.method, latest.link_version) AS method,
    argMax(latest.weight, latest.link_version) AS weight,
    argMax(latest.probability, latest.link_version) AS probability,
    argMax(latest.model, latest.link_version) AS model,
    max(latest.link_version) AS link_version
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

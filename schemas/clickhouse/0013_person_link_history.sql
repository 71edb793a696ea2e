-- Which person each record was of, and since when (docs/adr/0046-persons-are-reconciled-and-decided.md): what person_link_scored has replaced stays here.
ALTER TABLE person_link_scored
    ADD COLUMN IF NOT EXISTS previous_person_id String DEFAULT '' COMMENT 'Person that the record was told to be of before; empty where that is the same, or it was of none' AFTER model,
    ADD COLUMN IF NOT EXISTS change LowCardinality(String) DEFAULT '' COMMENT 'What became of that person: split (it goes on), merge (its records are of a person that was there), rename (of one that was not), cancelled (the record is of no person)' AFTER previous_person_id,
    ADD COLUMN IF NOT EXISTS reason LowCardinality(String) DEFAULT 'records' COMMENT 'records (came, were corrected or cancelled), reconciliation, decision' AFTER change;

CREATE TABLE person_link_history
(
    record_id String,
    patient_id String,
    person_id String COMMENT 'Empty from the cancellation of the record on',
    method LowCardinality(String),
    probability Nullable(Float64),
    model LowCardinality(String),
    previous_person_id String,
    change LowCardinality(String),
    reason LowCardinality(String),
    link_version UInt64 COMMENT 'Microseconds since 1970 when the linker told of it, or the first free number after'
)
ENGINE = ReplacingMergeTree ORDER BY (record_id, link_version);

-- In the same insert: no row of the one is without that of the other.
CREATE MATERIALIZED VIEW IF NOT EXISTS person_link_history_rows TO person_link_history AS
SELECT record_id, patient_id, person_id, method, probability, model, previous_person_id, change, reason, link_version FROM person_link_scored;

-- Each change of a person, once: a change that was told twice has the same persons as the row of its record before it.
CREATE VIEW person_change DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    previous_person_id AS old_person_id,
    person_id AS new_person_id,
    change AS kind,
    reason,
    model,
    fromUnixTimestamp64Micro(toInt64(link_version), 'UTC') AS changed_at,
    record_id,
    patient_id,
    link_version
FROM
(
    SELECT *, lagInFrame(person_id, 1, '-') OVER (PARTITION BY record_id ORDER BY link_version ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
    FROM person_link_history FINAL
)
WHERE change != '' AND person_id != before;

-- The person of each record at the end of a day (UTC): SELECT ... FROM person_link_scored_at(day = '2026-11-29').
CREATE VIEW person_link_scored_at DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    record_id,
    argMax(told.patient_id, told.link_version) AS patient_id,
    argMax(told.person_id, told.link_version) AS person_id,
    argMax(told.method, told.link_version) AS method,
    argMax(told.probability, told.link_version) AS probability,
    argMax(told.model, told.link_version) AS model,
    max(told.link_version) AS link_version
FROM
(
    SELECT record_id, patient_id, person_id, method, probability, model, link_version FROM person_link_history
    -- Links that were told before there was a history.
    UNION ALL SELECT record_id, patient_id, person_id, method, probability, model, link_version FROM person_link_scored
) AS told
WHERE told.link_version < toUnixTimestamp64Micro(toDateTime64({day:Date} + 1, 6, 'UTC'))
GROUP BY record_id
HAVING person_id != '';

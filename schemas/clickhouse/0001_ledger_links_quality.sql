-- The tables that all feeds share. The tables of the feeds are made from their contracts (services/core/contract/table.ts).
-- Every table that curate writes has a deduplication window: without it, ClickHouse does not drop a repeated token. These tables have
-- wider windows than the table of one feed: a window has more blocks than all workers insert before the deadline of an intent.

CREATE TABLE ledger_batch
(
    feed LowCardinality(String),
    incarnation LowCardinality(String) COMMENT 'In which incarnation of identified.<feed> the origins are counted',
    partition UInt32,
    from_offset UInt64 COMMENT 'First origin offset of the batch',
    to_offset UInt64 COMMENT 'One past its last origin offset',
    loaded UInt64,
    rejected UInt64 COMMENT 'Rejected by a rule of the contract',
    quarantined UInt64,
    lost UInt64 COMMENT 'Records that an operator accepted as lost; 0 in every tile that curate writes',
    replayed UInt64 COMMENT 'Messages dropped because their origin was already loaded',
    log_incarnation LowCardinality(String) COMMENT 'Topic id of pseudonymised.<feed>',
    log_from UInt64 COMMENT 'First offset read of pseudonymised.<feed>',
    log_to UInt64,
    loaded_at DateTime64(3, 'UTC'),
    INDEX loaded_at loaded_at TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree ORDER BY (feed, incarnation, partition, from_offset)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE TABLE quarantine
(
    feed LowCardinality(String),
    incarnation LowCardinality(String),
    partition UInt32,
    origin_offset UInt64,
    service LowCardinality(String) COMMENT 'deidentify, or curate',
    stage LowCardinality(String) COMMENT 'Step that found the fault',
    fault LowCardinality(String),
    pointer LowCardinality(String) COMMENT 'JSON pointer of the field; never a value',
    rule LowCardinality(String),
    producer LowCardinality(String),
    received_at DateTime64(6, 'UTC') COMMENT 'When the gateway received the record',
    quarantined_at DateTime64(3, 'UTC'),
    INDEX origin_offset origin_offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree ORDER BY (feed, fault, rule, quarantined_at)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE TABLE rule_outcome
(
    feed LowCardinality(String),
    incarnation LowCardinality(String),
    partition UInt32,
    from_offset UInt64 COMMENT 'First origin offset of the batch that counted',
    producer LowCardinality(String),
    hour DateTime('UTC') COMMENT 'Hour in which the gateway accepted the records',
    rule LowCardinality(String),
    severity LowCardinality(String),
    checked UInt64 COMMENT 'Denominator: records to which the rule applied',
    failed UInt64 COMMENT 'Numerator',
    not_applicable UInt64,
    INDEX from_offset from_offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree ORDER BY (feed, rule, producer, hour)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE VIEW rule_quality AS
SELECT feed, producer, hour, rule, severity, sum(o.checked) AS checked, sum(o.failed) AS failed, sum(o.not_applicable) AS not_applicable
FROM rule_outcome AS o GROUP BY feed, producer, hour, rule, severity;

CREATE TABLE person_link
(
    patient_id String COMMENT 'Pseudonym of a patient at one producer',
    person_id String,
    method LowCardinality(String) COMMENT 'The pass that links this patient: ins, nir, traits-place, traits, or establishment-ipp when it is linked to no other patient',
    weight Nullable(Float64) COMMENT 'Match weight; null for a deterministic pass',
    probability Nullable(Float64),
    link_version UInt64 COMMENT 'The highest version is in force',
    cause_feed LowCardinality(String),
    cause_incarnation LowCardinality(String),
    cause_partition UInt32,
    cause_offset UInt64,
    linked_at DateTime64(6, 'UTC') COMMENT 'When the gateway accepted the record that caused the link',
    INDEX cause_offset cause_offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree ORDER BY (patient_id, link_version)
SETTINGS non_replicated_deduplication_window = 100000;

CREATE TABLE link_index
(
    generation UInt32 COMMENT 'Link versions of a later generation are higher than all of an earlier one',
    incarnation String COMMENT 'Names the linkage index in Redis that made these links',
    state LowCardinality(String) COMMENT 'building; ready: its links are in force, and curate links on it',
    changed_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree ORDER BY (generation, changed_at);

CREATE VIEW person_link_current AS
SELECT
    patient_id,
    argMax(link.person_id, link.link_version) AS person_id,
    argMax(link.method, link.link_version) AS method,
    argMax(link.weight, link.link_version) AS weight,
    argMax(link.probability, link.link_version) AS probability,
    argMax(link.linked_at, link.link_version) AS linked_at,
    max(link.link_version) AS link_version
FROM person_link AS link GROUP BY patient_id;

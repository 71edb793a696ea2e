-- Which de-identification policy was in force when (docs/adr/0040-policies.md): one row for each change, written by provision, and nothing is changed.
-- The token of an insert is feed and version, so that one of two hosts wins.
CREATE TABLE policy_version
(
    feed LowCardinality(String),
    version UInt32 COMMENT 'From 1; the highest is in force',
    sha256 String COMMENT 'Of the policy, hexadecimal',
    policy String COMMENT 'JSON: what the contract says of privacy, field by field, and how far dates are shifted',
    since DateTime64(3, 'UTC') COMMENT 'When provision found it'
)
ENGINE = MergeTree ORDER BY (feed, version)
SETTINGS non_replicated_deduplication_window = 10000;

-- Which secrets made the pseudonyms of this warehouse: the first row of a name counts, and nothing is changed. A service whose secret has
-- another fingerprint does not start (docs/adr/0026-keys-are-made-once.md). The token of an insert is the name, so that one of two hosts wins.
CREATE TABLE key_fingerprint
(
    name LowCardinality(String) COMMENT 'Service and file of the secret',
    fingerprint String COMMENT '16 hexadecimal digits of a hash; the secret cannot be computed from them',
    registered_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree ORDER BY name
SETTINGS non_replicated_deduplication_window = 10000;

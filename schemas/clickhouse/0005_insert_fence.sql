-- Merged inserts of curate that another worker, or the same one later, resolves partition by partition (docs/adr/0016-merged-inserts.md). Before it
-- relies on its insert, the worker of a merged insert looks here. Without a deduplication window: a second row says the same, and a token without
-- its row would hide the fence.
CREATE TABLE insert_fence
(
    merged String COMMENT 'Random id of the merged insert',
    fenced_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree ORDER BY merged
TTL toDateTime(fenced_at) + INTERVAL 7 DAY;

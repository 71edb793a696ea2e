/** What each figure means, in the words of an operator. */
export const DEFINITIONS = {
  received: 'Records that reached the gateway per second, taken or rejected; mean of the last 5 s.',
  rejectedByGateway:
    'Rejected by the gateway with the field and the rule in the receipt. They were never accepted, so they are not in the ledger. Counted since the gateway or this console started.',
  accepted: 'Acknowledged with 202 after every in-sync replica of Kafka had them: offsets of the identified topics.',
  loaded: 'Written to ClickHouse exactly once, as the batches there say.',
  quarantined: 'Set aside by a worker with the reason; kept, to be mended and replayed.',
  rejected: 'Stopped by a rule of the contract with severity reject, after they were accepted.',
  inFlight: 'Accepted and not settled yet: waiting in Kafka or being worked on.',
  conserved:
    'For every feed and partition, accepted = loaded + quarantined + rejected + in flight, without a gap (missing) and without an overlap (counted twice). Read from Kafka and ClickHouse every 2 s, not from the services.',
  gaps: 'Accepted records that no batch accounts for although a later one does, or that Kafka lost. Must be 0.',
  overlaps: 'Accepted records that more than one batch accounts for. Must be 0.',
  freshness:
    'From the 202 of the gateway to queryable in ClickHouse. p95: 95 of 100 records took no longer. Estimated from a histogram, records sampled.',
  lag: 'Records that wait before the stage or are in its hands, from the offsets in Kafka, and how long ago the first of them arrived in the partition that is most behind.',
  warehouse: 'Records that ClickHouse gained per second, as the ledger sees it; mean of the last 10 s.',
  stage: 'Records the stage settled per second; mean of the last 5 s.',
  last24: 'In the last 24 hours. The gateway counts only since it started, so it has none.',
  share: 'Share of the records that the rule was checked on, last 24 h.',
  trend: 'Per hour, the last 24 hours; the newest is on the right.',
  restarts: 'How many times the supervisor had to start it again. A dash: no supervisor here counts them.',
  memory: 'Resident memory now.',
  p95feed: 'Freshness p95 of the feed: from the 202 to queryable, last 60 s, else since start.',
  perSecond: 'Accepted records per second; mean of the last 5 s.',
}

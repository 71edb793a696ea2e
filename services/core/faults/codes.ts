/**
 * The one table of fault codes. Types, metric labels, quarantine rows, HTTP problems and alarms derive from it.
 * `blame` says whose fault it is, and so what happens: record -> quarantined or rejected, never retried; none -> dropped and
 * counted; request -> 4xx; dependency -> retried within a budget, then stop without committing; configuration -> all listed at
 * start, exit 78. `alarm` marks what an operator sees as an alarm while it lasts.
 */
export const FAULTS = {
  // record: rejected by the gateway, by index, with field and rule
  'not-an-object': { blame: 'record', text: 'A record must be a JSON object.' },
  'malformed-json': { blame: 'record', text: 'The line is not valid JSON.' },
  'unknown-field': { blame: 'record', text: 'The feed has no such field.' },
  required: { blame: 'record', text: 'The field is required.' },
  type: { blame: 'record', text: 'The value has the wrong type.' },
  enum: { blame: 'record', text: 'The value is not one of the allowed symbols.' },
  date: { blame: 'record', text: 'The value is not a date of the calendar, or not in the form of a date.' },
  timestamp: { blame: 'record', text: 'The value is not a time of the calendar, or not in the form of a time.' },
  'number-range': { blame: 'record', text: 'The number is outside the range of the field.' },
  'max-length': { blame: 'record', text: 'The value is longer than the field allows.' },
  empty: { blame: 'record', text: 'The value must not be empty.' },
  guard: {
    blame: 'record',
    text: 'The value is kept after de-identification, and could hold the name or the number of a person: the guard of its field does not accept it.',
  },
  'record-too-large': { blame: 'record', text: 'The record is larger than allowed.' },
  'contract-mismatch': { blame: 'record', text: 'The record does not fit the contract of the feed.' },
  'unmapped-resource': { blame: 'record', text: 'The resource type is not mapped to a feed.' },
  'unsupported-modifier': {
    blame: 'record',
    text: 'The element changes the meaning of what it belongs to in a way that is not known.',
  },
  'unsupported-value': {
    blame: 'record',
    text: 'No field keeps such a value, and without it the meaning would be another.',
  },
  'unsupported-method': { blame: 'record', text: 'The method of the entry is not supported.' },
  'delete-needs-resource': {
    blame: 'record',
    text: 'The address does not name the records: send the resource with the DELETE, or with the status entered-in-error.',
  },
  'unresolved-reference': { blame: 'record', text: 'The reference does not resolve to a patient with an identifier.' },
  // record: of a message of HL7 v2
  'malformed-hl7': { blame: 'record', text: 'The segment cannot be read: HL7 v2 with separators (ER7) is expected.' },
  charset: { blame: 'record', text: 'The character set is not supported, or the bytes are none of it.' },
  'unsupported-version': { blame: 'record', text: 'The version of HL7 is not one of 2.3 to 2.8.' },
  'not-production': { blame: 'record', text: 'The message is for training or tests, and not for production (P).' },
  'sender-not-allowed': {
    blame: 'record',
    text: 'The listener does not accept this sending application and facility.',
  },
  'unmapped-message': { blame: 'record', text: 'No feed holds what this type of message and event says.' },
  'batch-count': { blame: 'record', text: 'The batch does not hold as many as its trailer says.' },
  'not-a-fact': {
    blame: 'record',
    text: 'The status says that this is no fact, or not yet: planned, preliminary, unfinished or not obtained.',
  },
  'imprecise-date': {
    blame: 'record',
    text: 'The date is less precise than the field, which needs hour and minute: a time of day is not invented.',
  },
  'ambiguous-identifier': {
    blame: 'record',
    text: 'There are several, and nothing says which one is meant: identifiers of a patient, or results with the same identifier.',
  },
  'unknown-code-system': { blame: 'record', text: 'The code system is neither known nor marked as local.' },
  'unmapped-value': {
    blame: 'record',
    text: 'No field of the feed holds a value of this form: a comparator, a ratio, a range, a reference, or content that is no text.',
  },
  'damaged-content': { blame: 'record', text: 'The enclosed content is not in its encoding.' },
  'other-authority': { blame: 'record', text: 'The two identifiers were assigned by different authorities.' },
  'same-identifier': { blame: 'record', text: 'Both identifiers are the same: nothing is merged or linked.' },
  // record: of a DICOM file
  'malformed-dicom': {
    blame: 'record',
    text: 'The file cannot be read: a whole DICOM file (PS3.10) is expected, its elements in the order of their tags.',
  },
  'unsupported-transfer-syntax': { blame: 'record', text: 'The transfer syntax is not one of the DICOM standard.' },
  'other-study': { blame: 'record', text: 'The instance is not of the study that the address names.' },
  // record: of a line of the PMSI
  'malformed-pmsi': { blame: 'record', text: 'The line is neither one of VID-HOSP nor one of a grouped RSS.' },
  'unsupported-format': { blame: 'record', text: 'The version of the format of the line is not read.' },
  'line-length': { blame: 'record', text: 'The line has not as many characters as its format and its counts say.' },
  'unresolved-stay': {
    blame: 'record',
    text: 'No line of VID-HOSP in the request has the number of the stay (NDA), so that it is not known whose stay it is.',
  },
  'identity-mismatch': {
    blame: 'record',
    text: 'Birth date or sex are not those of the line of VID-HOSP with the same number of the stay.',
  },
  'incomplete-rss': {
    blame: 'record',
    text: 'Another line of the same RSS is refused, and an RSS is taken as a whole.',
  },
  'duplicate-rum': { blame: 'record', text: 'The RSS has this number of a RUM twice.' },
  // record: quarantined by a worker
  undecodable: { blame: 'record', text: 'The message is not Avro of a known schema.' },
  'key-shredded': { blame: 'record', text: 'The key of the day on which the record was sealed was shredded.' },
  'seal-broken': { blame: 'record', text: 'The sealed record was changed, or belongs to another place.' },
  'missing-header': { blame: 'record', text: 'The message lacks a header that every record has.' },
  'rule-rejected': { blame: 'record', text: 'A rule of the contract with severity reject failed.' },
  'worker-failed': { blame: 'record', text: 'The record made its worker fail repeatedly.' },
  unencodable: { blame: 'record', text: 'The record does not fit the schema that it is written with.' },
  'linkage-neighbourhood-too-large': { blame: 'record', text: 'Too many patients share these traits to decide.' },
  // drops: counted, never an outcome of an origin of their own
  'linkage-limited': {
    blame: 'record',
    text: 'A value that too many producers, or too many patients of this one, share links no patient; or the patient has too many identities.',
  },
  replayed: { blame: 'none', text: 'The origin was already loaded.' },
  // request
  'missing-key': { blame: 'request', status: 401, text: 'An API key, a token or a client certificate is required.' },
  'wrong-key': { blame: 'request', status: 401, text: 'The API key or client certificate is not known.' },
  'wrong-token': { blame: 'request', status: 401, text: 'The token is not accepted.' },
  'expired-key': { blame: 'request', status: 401, text: 'The API key, token or certificate has expired.' },
  'revoked-key': { blame: 'request', status: 401, text: 'The API key, token or certificate was revoked.' },
  'key-scope': { blame: 'request', status: 403, text: 'The API key or token does not have the scope that this needs.' },
  'too-many-failed-logins': { blame: 'request', status: 429, text: 'Too many logins failed; try again later.' },
  'unknown-host': {
    blame: 'request',
    status: 421,
    text: 'The request is for a host that this service is not; the operator names it in CHAINON_ALLOWED_HOSTS.',
  },
  'foreign-origin': { blame: 'request', status: 403, text: 'Pages of other sites may not send requests.' },
  'not-through-proxy': { blame: 'request', status: 403, text: 'Requests must come through the proxy.' },
  'unknown-feed': { blame: 'request', status: 404, text: 'There is no such feed.' },
  'no-receipt': { blame: 'request', status: 404, text: 'The producer of this key has no such receipt.' },
  'receipt-expired': { blame: 'request', status: 404, text: 'The receipt is no longer kept; its records are.' },
  'bad-query': { blame: 'request', status: 400, text: 'A parameter of the address cannot be read.' },
  'not-found': { blame: 'request', status: 404, text: 'This address does not exist.' },
  'method-not-allowed': { blame: 'request', status: 405, text: 'The address does not accept this method.' },
  'malformed-body': { blame: 'request', status: 400, text: 'The body cannot be read as its media type.' },
  'truncated-zstd': {
    blame: 'request',
    status: 400,
    text: 'The zstd body is damaged or incomplete, or needs a window of more than 8 MB.',
  },
  'truncated-gzip': { blame: 'request', status: 400, text: 'The gzip body is damaged or incomplete.' },
  'unsupported-encoding': { blame: 'request', status: 415, text: 'The content encoding is not supported.' },
  'unsupported-media-type': { blame: 'request', status: 415, text: 'The media type is not supported.' },
  'body-too-large': { blame: 'request', status: 413, text: 'The body is larger than allowed.' },
  'too-many-records': { blame: 'request', status: 413, text: 'The request has more records than allowed.' },
  'foreign-schema': { blame: 'request', status: 422, text: 'The Avro schema cannot be read as this feed.' },
  'all-rejected': { blame: 'request', status: 422, text: 'No record of the request could be accepted.' },
  'no-records': { blame: 'request', status: 400, text: 'The request contains no record.' },
  'idempotency-mismatch': { blame: 'request', status: 422, text: 'The idempotency key was used with another body.' },
  'idempotency-in-flight': {
    blame: 'request',
    status: 409,
    text: 'A request with this idempotency key is still being processed.',
  },
  'bad-idempotency-key': { blame: 'request', status: 400, text: 'The idempotency key is empty or too long.' },
  'too-many-in-flight': { blame: 'request', status: 429, text: 'Too many bytes are in flight; try again later.' },
  'producer-share': {
    blame: 'request',
    status: 429,
    text: 'The producer has its share of the bytes in flight, of the connections or of the questions; try again when requests are answered.',
  },
  'quota-exceeded': {
    blame: 'request',
    status: 429,
    text: 'The producer has sent what it may within this time; try again in the next one.',
  },
  'upload-too-slow': { blame: 'request', status: 408, text: 'The body came too slowly, or took too long.' },
  // dependency
  'dependency-unavailable': {
    blame: 'dependency',
    status: 503,
    alarm: true,
    text: 'A dependency is unreachable; try again later.',
  },
  'backlog-near-retention': {
    blame: 'dependency',
    status: 503,
    alarm: true,
    text: 'Records of this feed would expire before de-identification has read them; try again later.',
  },
  'sealing-key-missing': {
    blame: 'dependency',
    alarm: true,
    text: 'There is no key to seal records with.',
  },
  'sealing-authority': {
    blame: 'dependency',
    alarm: true,
    text: 'Sealing keys are signed by another authority than the one that this gateway knows.',
  },
  'sealing-key-unknown': {
    blame: 'dependency',
    alarm: true,
    text: 'Records are sealed for a key that this deidentify does not have: the partition is stopped.',
  },
  'partition-unavailable': {
    blame: 'dependency',
    status: 503,
    alarm: true,
    text: 'Records of a partition of Kafka that takes none now were not accepted; send them again later.',
  },
  'retention-half': {
    blame: 'dependency',
    alarm: true,
    text: 'Records that de-identification has not read are older than half of the retention.',
  },
  'retention-unknown': {
    blame: 'dependency',
    alarm: true,
    text: 'It cannot be checked whether records expire before de-identification has read them.',
  },
  'slow-batch': { blame: 'dependency', alarm: true, text: 'A batch takes longer than CHAINON_SLOW_BATCH_SECONDS.' },
  gap: { blame: 'dependency', alarm: true, text: 'An origin offset is missing: the partition is stopped.' },
  'deduplication-window': {
    blame: 'dependency',
    alarm: true,
    text: 'A deduplication window is short for the deadline of an intent.',
  },
  'unresolved-batch': {
    blame: 'dependency',
    alarm: true,
    text: 'A batch was begun that cannot be formed again: its partition waits until it can be resolved.',
  },
  overlap: { blame: 'dependency', alarm: true, text: 'More than one batch accounts for the same origins.' },
  'missing-rows': { blame: 'dependency', alarm: true, text: 'Rows that were loaded are not in their table.' },
  'surplus-rows': { blame: 'dependency', alarm: true, text: 'A table has rows that no batch accounts for.' },
  'topic-recreated': {
    blame: 'dependency',
    alarm: true,
    text: 'A topic was created again: its offsets start again at 0.',
  },
  'topic-truncated': { blame: 'dependency', alarm: true, text: 'A topic is shorter than it was: offsets come again.' },
  finding: { blame: 'dependency', alarm: true, text: 'A finding that no operator has closed yet.' },
  'link-index-stale': {
    blame: 'dependency',
    alarm: true,
    text: 'The linkage index is lost or older than the links: records with patients wait until it is rebuilt.',
  },
  'link-index-taken': { blame: 'dependency', text: 'Another linker writes this linkage index.' },
  'link-index-behind': { blame: 'dependency', text: 'Redis has lost the last changes of this linkage index.' },
  'linkage-snapshot': {
    blame: 'dependency',
    alarm: true,
    text: 'The linkage index has no recent snapshot, from which it could be restored.',
  },
  'linkage-expired': {
    blame: 'dependency',
    alarm: true,
    text: 'Encodings expired before the linker has read them.',
  },
  'key-rotation': {
    blame: 'dependency',
    alarm: true,
    text: 'Another key comes into force: the process begins again under it, or waits until the warehouse has moved to it.',
  },
  'key-rotation-refused': { blame: 'dependency', text: 'The key cannot be rotated, or retired, now.' },
  'link-rebuild-refused': { blame: 'dependency', alarm: true, text: 'The linkage index cannot be rebuilt now.' },
  'not-balanced': { blame: 'dependency', alarm: true, text: 'The ledger shows a gap or an overlap.' },
  'not-verified': {
    blame: 'dependency',
    alarm: true,
    text: 'The rows in ClickHouse cannot be compared with the ledger.',
  },
  'journal-unsent': {
    blame: 'dependency',
    alarm: true,
    text: 'Entries of the access journal wait for Kafka.',
  },
  'journal-shortened': {
    blame: 'dependency',
    alarm: true,
    text: 'The topic of the access journal is shorter than what was copied of it.',
  },
  'journal-lost': { blame: 'dependency', alarm: true, text: 'Entries of the access journal could not be kept.' },
  'component-down': { blame: 'dependency', alarm: true, text: 'A component does not answer.' },
  'intent-deadline': { blame: 'dependency', text: 'The insert was too late after its intent and was abandoned.' },
  // configuration and programmer
  'keys-damaged': {
    blame: 'configuration',
    alarm: true,
    text: 'The files of API keys cannot be read: the keys read before stay in force, without those that are revoked.',
  },
  'token-keys': {
    blame: 'dependency',
    alarm: true,
    text: 'The keys of the token issuer cannot be read.',
  },
  configuration: { blame: 'configuration', alarm: true, text: 'The configuration is wrong.' },
  bug: { blame: 'programmer', status: 500, alarm: true, text: 'An error of Chainon itself.' },
} as const satisfies Record<string, { blame: Blame; text: string; status?: number; alarm?: true }>

export type Blame = 'record' | 'none' | 'request' | 'dependency' | 'configuration' | 'programmer'
export type FaultCode = keyof typeof FAULTS

type CodesWhere<Shape> = { [C in FaultCode]: (typeof FAULTS)[C] extends Shape ? C : never }[FaultCode]

/** What may be wrong with a record: a value of a verdict, never an exception. */
export type RecordFault = CodesWhere<{ blame: 'record' }>
/** Why a message is no outcome of its own. */
export type DropReason = CodesWhere<{ blame: 'none' }>
/** A fault that is shown as an alarm while it lasts. */
export type AlarmCode = CodesWhere<{ alarm: true }>

/** @returns the code of a name that was read from a message, or undefined when no such fault of a record exists */
export function asRecordFault(name: string): RecordFault | undefined {
  return Object.hasOwn(FAULTS, name) && FAULTS[name as FaultCode].blame === 'record' ? (name as RecordFault) : undefined
}

/** @returns the code of an alarm that was read from a table, or undefined when this version has no such alarm */
export function asAlarmCode(name: string): AlarmCode | undefined {
  return Object.hasOwn(FAULTS, name) && 'alarm' in FAULTS[name as FaultCode] ? (name as AlarmCode) : undefined
}

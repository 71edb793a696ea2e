/** Reads what the gateway answers: a receipt or an RFC 9457 problem. Only codes, counts and pointers are kept. */

export interface RejectedRecord {
  /** Position in the batch, from 0; of the entry for a bundle. */
  readonly index: number
  readonly feed?: string
  /** JSON pointer to the field; empty for the record as a whole. */
  readonly pointer: string
  readonly rule: string
  readonly detail: string
}

export interface Receipt {
  readonly receiptId: string
  readonly accepted: number
  readonly rejected: number
  readonly errors: readonly RejectedRecord[]
  /** FHIR only: what each feed got. */
  readonly byFeed: Readonly<Record<string, { readonly accepted: number; readonly rejected: number }>>
}

/** @returns the receipt, or undefined when the body is none */
export function readReceipt(body: string): Receipt | undefined {
  const raw = parse(body)
  if (!raw || typeof raw.accepted !== 'number') return undefined
  return {
    receiptId: typeof raw.receipt_id === 'string' ? raw.receipt_id : '',
    accepted: raw.accepted,
    rejected: typeof raw.rejected === 'number' ? raw.rejected : 0,
    errors: readErrors(raw.errors),
    byFeed: readByFeed(raw.by_feed),
  }
}

export interface ProblemRead {
  readonly code: string
  readonly title: string
  readonly errors: readonly RejectedRecord[]
}

/** @returns what an RFC 9457 problem says; `http-<status>` as the code when the body is no problem */
export function readProblem(body: string, status: number): ProblemRead {
  const raw = parse(body)
  return {
    code: typeof raw?.code === 'string' ? raw.code : `http-${status}`,
    title: typeof raw?.title === 'string' ? raw.title : `The gateway answered ${status}.`,
    errors: readErrors(raw?.errors),
  }
}

function readErrors(raw: unknown): RejectedRecord[] {
  if (!Array.isArray(raw)) return []
  return raw.filter(isObject).map((error) => ({
    index: typeof error.index === 'number' ? error.index : -1,
    ...(typeof error.feed === 'string' ? { feed: error.feed } : {}),
    pointer: typeof error.pointer === 'string' ? error.pointer : '',
    rule: typeof error.rule === 'string' ? error.rule : '',
    detail: typeof error.detail === 'string' ? error.detail : '',
  }))
}

/** `by_feed` holds an object of counts for each feed; a bare number counts as accepted. */
function readByFeed(raw: unknown): Receipt['byFeed'] {
  const counts: Record<string, { accepted: number; rejected: number }> = {}
  if (!isObject(raw)) return counts
  for (const [feed, value] of Object.entries(raw)) {
    if (typeof value === 'number') counts[feed] = { accepted: value, rejected: 0 }
    else if (isObject(value))
      counts[feed] = { accepted: Number(value.accepted ?? 0), rejected: Number(value.rejected ?? 0) }
  }
  return counts
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

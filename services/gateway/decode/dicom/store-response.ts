/** The answer of a store transaction as a data set (PS3.18, 10.5.3, table I.2-1): which instances are stored, and why others are not. */

import { readDataset } from '#core/dicom/dataset.ts'
import { yieldToEventLoop } from '#core/process/event-loop.ts'
import type { Answer } from '../../ingest/receipt.ts'
import type { Part } from './items.ts'
import { uidOf } from './values.ts'

type DicomJson = Readonly<Record<string, { readonly vr: string; readonly Value: readonly unknown[] }>>

export interface StoreResponse {
  /** 200 when all instances are stored, 202 when some are, 409 when none is. */
  readonly status: 200 | 202 | 409
  readonly body: DicomJson
}

const CANNOT_UNDERSTAND = 0xc000
const SYNTAX_NOT_SUPPORTED = 0xc122
const PROCESSING_FAILURE = 0x0110
const REASONS: Readonly<Record<string, number>> = {
  'malformed-dicom': CANNOT_UNDERSTAND,
  charset: CANNOT_UNDERSTAND,
  required: CANNOT_UNDERSTAND,
  timestamp: CANNOT_UNDERSTAND,
  type: CANNOT_UNDERSTAND,
  'unsupported-transfer-syntax': SYNTAX_NOT_SUPPORTED,
}

/** Milliseconds of one answer in a turn of the event loop, but for its last file. */
const SLICE_MS = 10

/** @returns undefined when the answer does not say of every instance what became of it: it has more errors than it lists, or was not stored whole */
export async function storeResponse(
  parts: Iterable<Part>,
  { body, partial }: Answer,
  maxBytes: number,
): Promise<StoreResponse | undefined> {
  if (partial || body.truncated || body.errors === undefined) return undefined
  const rules = new Map(body.errors.map(({ index, rule }) => [index, rule]))
  const stored: DicomJson[] = []
  const failed: DicomJson[] = []
  let index = 0
  let turn = performance.now()
  for (const part of parts) {
    const rule = rules.get(index++)
    const names = namesOf(part, maxBytes)
    if (rule === undefined) stored.push(names)
    else failed.push({ ...names, '00081197': { vr: 'US', Value: [REASONS[rule] ?? PROCESSING_FAILURE] } })
    if (performance.now() - turn > SLICE_MS) {
      await yieldToEventLoop()
      turn = performance.now()
    }
  }
  return {
    status: failed.length === 0 ? 200 : stored.length === 0 ? 409 : 202,
    body: {
      ...(failed.length > 0 ? { '00081198': { vr: 'SQ', Value: failed } } : {}),
      ...(stored.length > 0 ? { '00081199': { vr: 'SQ', Value: stored } } : {}),
    },
  }
}

/** @returns class and instance of a file, as far as they can be read */
function namesOf(part: Part, maxBytes: number): DicomJson {
  const dataset = 'file' in part ? readDataset(part.file, maxBytes) : undefined
  if (dataset === undefined || 'fault' in dataset) return {}
  const named = [
    ['00081150', uidOf(dataset, '(0008,0016)')],
    ['00081155', uidOf(dataset, '(0008,0018)')],
  ] as const
  return Object.fromEntries(
    named.flatMap(([tag, uid]) => (typeof uid === 'string' ? [[tag, { vr: 'UI', Value: [uid] }]] : [])),
  )
}

/** Bodies of store transactions, checked by the gateway's own decoders and rules, and sent to nobody. */
import type { FeedContract } from '#core/contract/types.ts'
import { FAULTS } from '#core/faults/codes.ts'
import { DICOM_BOUNDARY } from '#core/gateway-api/media-types.ts'
import type { RecordError } from '#core/gateway-api/record-counts.ts'
import { recordValidator } from '#core/rules/validate-record.ts'
import { dicomItems } from '../decode/dicom/items.ts'
import { partsOf } from '../decode/dicom/multipart.ts'
import type { Settings } from '../decode/hl7/settings.ts'

export interface CheckSettings {
  readonly contracts: readonly FeedContract[]
  readonly settings: Settings
  /** Of the elements of a file that are read. */
  readonly maxBytes: number
  /** That would send them. */
  readonly producer: string
}

/** @returns a function from a body with the boundary of `push` to its errors, as the gateway's answer has them */
export function bodyChecker({ contracts, settings, maxBytes, producer }: CheckSettings) {
  const validators = new Map(contracts.map((contract) => [contract.feed, recordValidator(contract, producer)]))
  return function checkBody(body: Buffer): readonly RecordError[] {
    const options = { settings, receivedAt: Date.now(), maxBytes, onUnmapped: () => undefined, keepFiles: false }
    const errors: RecordError[] = []
    for (const item of dicomItems(partsOf(body, DICOM_BOUNDARY), options)) {
      const { index, feed = '' } = item
      if (item.kind === 'undecodable') {
        const { allowed, fault: rule, path, pointer } = item
        errors.push(errorOf({ index, feed, pointer, path, rule, detail: FAULTS[rule].text, allowed }))
        continue
      }
      for (const { allowed, detail, pointer, rule } of validators.get(feed)?.(item.raw) ?? [])
        errors.push(errorOf({ index, feed, pointer, path: item.pathOf?.(pointer.slice(1)), rule, detail, allowed }))
    }
    return errors
  }
}

type Found = { readonly [K in keyof RecordError]: RecordError[K] | undefined } & Pick<
  RecordError,
  'index' | 'pointer' | 'rule' | 'detail'
>

/** Without keys that have no value. */
function errorOf({ allowed, feed, path, ...error }: Found): RecordError {
  return {
    ...error,
    ...(feed ? { feed } : {}),
    ...(path === undefined ? {} : { path }),
    ...(allowed === undefined ? {} : { allowed }),
  }
}

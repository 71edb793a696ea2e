/** What the gateway would answer to the records of a body, as far as the records alone decide it: nothing is stored, and nobody is asked. */
import type { FeedContract } from '#core/contract/types.ts'
import { FAULTS } from '#core/faults/codes.ts'
import { MAX_ERRORS, type RecordError } from '#core/gateway-api/record-counts.ts'
import { recordValidator } from '#core/rules/validate-record.ts'
import type { DecodedItem, Item } from '../decode/item.ts'

export interface Checked {
  readonly accepted: number
  readonly rejected: number
  /** The first of them. */
  readonly errors: readonly RecordError[]
}

/** @returns a function that checks the items of one body, which its decoder maps to the contracts' JSON */
export function itemChecker(contracts: readonly FeedContract[], producer: string): (items: Iterable<Item>) => Checked {
  const validators = new Map(contracts.map((contract) => [contract.feed, recordValidator(contract, producer)]))
  const errorsOf = ({ feed, index, pathOf, raw }: DecodedItem): readonly RecordError[] => {
    const validate = validators.get(feed)
    if (!validate) return [{ index, pointer: '', rule: 'unmapped-resource', detail: FAULTS['unmapped-resource'].text }]
    return validate(raw).map((fault) => {
      const path = pathOf?.(fault.pointer.slice(1))
      return { index, feed, ...fault, ...(path === undefined ? {} : { path }) }
    })
  }
  return (items) => {
    let accepted = 0
    let rejected = 0
    const all: RecordError[] = []
    for (const item of items) {
      const errors = item.kind === 'decoded' ? errorsOf(item) : [undecodable(item)]
      if (errors.length === 0) accepted++
      else rejected++
      all.push(...errors.slice(0, MAX_ERRORS - all.length))
    }
    return { accepted, rejected, errors: all }
  }
}

function undecodable({ allowed, fault, feed, index, path, pointer }: Exclude<Item, DecodedItem>): RecordError {
  return {
    index,
    ...(feed === undefined ? {} : { feed }),
    pointer,
    ...(path === undefined ? {} : { path }),
    ...(allowed === undefined ? {} : { allowed }),
    rule: fault,
    detail: FAULTS[fault].text,
  }
}

/** Chains for the tests of the journal: entries of two writers and an anchor, as they stand in the topic. */
import { Buffer } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import type { JournalEvent } from '#core/journal/actions.ts'
import { type Head, hashOf, NO_HASH, publicKeyOf, type Writer, writeEntry, writerOf } from '#core/journal/entry.ts'
import { digestOf, type Placed } from '#core/journal/verify.ts'

export const AT = '2026-01-31T08:00:00.000Z'
export const gateway = writerOf('gateway', Buffer.alloc(32, 1))
export const operator = writerOf('cli', Buffer.alloc(32, 2))
export const stranger = writerOf('gateway', Buffer.alloc(32, 9))

export const revocation = (id = '0123456789ab'): JournalEvent => ({
  actor: 'os:root',
  action: 'key-revoke',
  object: `key:${id}`,
  outcome: 'done',
  facts: {},
})

export function trusted(...writers: Writer[]): ReadonlyMap<string, KeyObject> {
  return new Map(
    writers.map((writer) => {
      const key = publicKeyOf(writer.name, writer.publicKey)
      if (!key) throw new Error('a writer of the test has no key')
      return [writer.name, key]
    }),
  )
}

/** A journal that is being written. */
export function journal() {
  const heads = new Map<string, Head>()
  const lines: string[] = []
  const write = (writer: Writer, event: JournalEvent = revocation()) => {
    const head = heads.get(writer.name) ?? { sequence: 0, hash: NO_HASH }
    const line = writeEntry(writer, head, event, AT)
    heads.set(writer.name, { sequence: head.sequence + 1, hash: hashOf(line) })
    lines.push(line)
  }
  const anchor = (writer: Writer) => {
    const facts = { offset: lines.length, heads: digestOf(heads) }
    write(writer, { actor: 'service:console', action: 'anchor', object: 'journal', outcome: 'done', facts })
  }
  return { heads, lines, write, anchor }
}

/** Entries at the places in which they stand. */
export function placed(lines: readonly string[]): Placed[] {
  return lines.map((line, offset) => ({ offset, line }))
}

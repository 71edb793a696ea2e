import { describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import type { Intent } from '../../../../services/curate/load/intent.ts'
import { layoutOf } from '../../../../services/curate/load/layout.ts'
import { type Found, startOf } from '../../../../services/curate/load/recovery.ts'

const LOG = 'L'.repeat(22)
const TOPIC = 'A'.repeat(22)
const TRUNCATED = `${TOPIC}/7@500`
const intent: Intent = { to: 30n, originTo: 20n, layout: 'l1', attempt: '', deadline: 5 }
const committed = (hwm: bigint, more: Partial<Intent> | null = null, incarnation = TOPIC, log = LOG) => ({
  offset: 15n,
  progress: { logIncarnation: log, incarnation, hwm, ...(more && { intent: { ...intent, ...more } }) },
})
/** Loaded up to origin 9, log offset 15. */
const found = (more: Partial<Found>): Found => ({
  logIncarnation: LOG,
  committed: committed(9n),
  ends: new Map([[TOPIC, 10n]]),
  loadedEnds: new Map([[TOPIC, 10n]]),
  logEnd: 15n,
  beyond: new Map(),
  layout: 'l1',
  ...more,
})
const lost = (position: bigint) => ({ position, unresolved: { why: 'progress-lost', until: undefined } })

describe('startOf', () => {
  it('begins at 0 in a new partition', () => {
    const nothing = { committed: undefined, ends: new Map(), logEnd: 0n }
    expect(startOf(found(nothing))).toEqual({ position: 0n })
    expect(startOf(found({ ...nothing, committed: committed(-1n, null, '') }))).toEqual({ position: 15n })
  })

  it('continues at what is committed when it fits the tiles', () => {
    expect(startOf(found({}))).toEqual({ position: 15n })
    const truncated = { committed: committed(499n, null, TRUNCATED), ends: new Map([[TOPIC, 600n]]) }
    expect(startOf(found(truncated)), 'nothing of the incarnation is loaded').toEqual({ position: 15n })
  })

  it('continues after a gap that an operator accepted', () => {
    expect(startOf(found({ ends: new Map([[TOPIC, 14n]]) }))).toEqual({ position: 15n })
  })

  it('forms a batch again, of which nothing, some blocks or all blocks but the tile are stored', () => {
    expect(startOf(found({ committed: committed(9n, {}) }))).toEqual({ position: 15n, intent })
    const some = { committed: committed(9n, {}), beyond: new Map([[TOPIC, 20n]]) }
    expect(startOf(found(some))).toEqual({ position: 15n, intent })
  })

  it('continues after a batch whose tile is stored, also with another contract', () => {
    const stored = { committed: committed(9n, {}), ends: new Map([[TOPIC, 20n]]), layout: 'l2' }
    expect(startOf(found(stored))).toEqual({ position: 30n })
  })

  it('finds the position in the tiles when the progress is lost, set back, or of another log', () => {
    expect(startOf(found({ committed: undefined }))).toEqual(lost(15n))
    expect(startOf(found({ committed: committed(4n) }))).toEqual(lost(15n))
    expect(startOf(found({ committed: committed(12n) })), 'tiles are lost').toEqual(lost(15n))
    expect(startOf(found({ committed: committed(4n, { originTo: 8n }) }))).toEqual(lost(15n))
    const other = { committed: committed(9n, null, TOPIC, 'M'.repeat(22)), logEnd: 0n }
    expect(startOf(found(other))).toEqual(lost(0n))
  })

  it('removes rows beyond the tiles that no intent explains', () => {
    expect(startOf(found({ beyond: new Map([[TOPIC, 20n]]) }))).toEqual(lost(15n))
    expect(startOf(found({ committed: committed(9n, {}), beyond: new Map([[TOPIC, 21n]]) }))).toEqual(lost(15n))
    expect(startOf(found({ committed: committed(9n, {}), beyond: new Map([[TRUNCATED, 20n]]) }))).toEqual(lost(15n))
  })

  it('does not form a batch again whose blocks would be others: it waits until the deadline of that intent', () => {
    expect(startOf(found({ committed: committed(9n, {}), layout: 'l2' }))).toEqual({
      position: 15n,
      unresolved: { why: 'layout-changed', until: 5 },
    })
  })
})

describe('layoutOf', () => {
  const contract = loadContracts('schemas/feeds').find(({ feed }) => feed === 'observation') as FeedContract
  it('changes with fields and rules, and not with the documentation', () => {
    const layout = layoutOf(contract)
    expect(layout).toMatch(/^[\w-]{12}$/)
    const fields = contract.fields.map((field) => ({ ...field, doc: 'other' }))
    expect(layoutOf({ ...contract, doc: 'other', fields })).toBe(layout)
    expect(layoutOf({ ...contract, fields: contract.fields.slice(1) })).not.toBe(layout)
    const stricter = contract.fields.map((field) => ({
      ...field,
      rules: field.rules.map((rule) => ({ ...rule, severity: 'reject' as const })),
    }))
    expect(layoutOf({ ...contract, fields: stricter })).not.toBe(layout)
  })
})

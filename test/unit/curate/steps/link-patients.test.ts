import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import type { Contribution, LinkBatch, Linker } from '../../../../services/curate/link/linker.ts'
import { secondLevelTokens } from '../../../../services/curate/link/tokens.ts'
import { linkPatients } from '../../../../services/curate/steps/link-patients.ts'

const contracts = loadContracts('schemas/feeds')
const contractOf = (name: string) => contracts.find(({ feed }) => feed === name) as FeedContract
const secret = randomBytes(32)
const record = (token: string) => ({
  origin: 4n,
  record: { record_id: 'r', record_version: 2, operation: 'cancel', patient_id: 'p1_x', _tokens: [token] },
  provenance: { producer: 'h', receivedAt: 9 },
  flags: [],
})

function step(feed: string, linker: Partial<Linker>) {
  const dependencies = {
    contract: contractOf(feed),
    level2: pseudonymiser(2, secret),
    secondLevelToken: secondLevelTokens(secret),
    linker: linker as Linker,
  }
  return linkPatients(dependencies, { partition: 'patient:1', loaded: 3n, to: 5n })
}

describe('linkPatients', () => {
  it('sends each record of a linked feed to the index, in one call, with second-level tokens only', async () => {
    const calls: (readonly Contribution[])[] = []
    const link = async (_batch: LinkBatch, contributions: readonly Contribution[]) => {
      calls.push(contributions)
      return [{ ok: true as const, links: [], limited: true }, { ok: false as const }]
    }
    const verdicts = await step('patient', { link }).runBatch([
      record(`t1_nir_${'a'.repeat(22)}`),
      record('not a token'),
    ])
    expect(calls).toHaveLength(1)
    expect(calls[0]?.[0]).toMatchObject({ origin: 4n, version: 2, cancelled: true, receivedAt: 9 })
    expect(calls[0]?.[0]?.tokens).toEqual([expect.stringMatching(/^t2_nir_/)])
    expect(calls[0]?.[1]?.tokens).toEqual([])
    expect(verdicts.map((verdict) => verdict.value.unlinked)).toEqual([false, true])
    expect(verdicts.map((verdict) => verdict.value.limited)).toEqual([true, false])
    // Limits count producers, whose names are not in the index.
    expect(calls[0]?.[0]?.producer).toMatch(/^[\w-]{8}$/)
  })
})

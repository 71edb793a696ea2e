import { describe, expect, it } from 'vitest'
import { ruleTally } from '../../../services/curate/load/rule-tally.ts'
import { type CurateFeed, curatePipeline } from '../../../services/curate/pipeline.ts'

const feed = (linked: boolean) =>
  ({ contract: { linked, fields: [] }, validate: () => ({ name: 'validateRecord' }) }) as unknown as CurateFeed

describe('curatePipeline', () => {
  it('sends only the records of a linked feed to the linkage index', () => {
    const stages = (linked: boolean) =>
      curatePipeline(
        feed(linked),
        { incarnation: 'i', partition: 0 },
        { partition: 'f:i:0', loaded: -1n, to: 0n },
        ruleTally(),
      ).stages
    expect(stages(true)).toEqual(['decodeMessage', 'validateRecord', 'linkPatients', 'buildRow'])
    expect(stages(false)).toEqual(['decodeMessage', 'validateRecord', 'leaveUnlinked', 'buildRow'])
  })
})

/** The lexicon is made from the pinned archives alone: one with other bytes is an error before it is unpacked. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readSources } from '../../../../services/deidentify/text/lexicon/build/sources.ts'

it('an archive with another SHA-256 is rejected with its name and both hashes, and not unpacked', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'chainon-lexicon-'))
  try {
    mkdirSync(join(cache, 'archives/communes'), { recursive: true })
    writeFileSync(join(cache, 'archives/communes/communes.tgz'), 'other bytes')
    await expect(readSources(cache)).rejects.toThrow(
      /communes\.tgz: SHA-256 [0-9a-f]{64}, and c189ffd5[0-9a-f]{56} is pinned/,
    )
    expect(existsSync(join(cache, 'communes'))).toBe(false)
  } finally {
    rmSync(cache, { recursive: true })
  }
})

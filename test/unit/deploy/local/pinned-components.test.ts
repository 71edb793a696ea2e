/** Of what is fetched, nothing runs whose bytes differ from the pinned ones: neither of a new download nor of an old cache. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { componentFolder, installComponents } from '../../../../deploy/local/components/install.ts'

let cache: string
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'chainon-pinned-'))
})
afterEach(() => rmSync(cache, { recursive: true, force: true }))

describe('a component in the cache', () => {
  it.fails('is rejected when a file of it has other bytes; the message names the file and both hashes', async () => {
    const folder = componentFolder(cache, 'redis')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'redis-server-6.2.6-v5-linux-amd64'), 'other bytes')
    await expect(installComponents(cache, ['redis'], process.env, new AbortController().signal)).rejects.toThrow(
      /redis-server-6\.2\.6-v5-linux-amd64: SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} is pinned/,
    )
  })
})

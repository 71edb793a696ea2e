/** Of what is fetched, nothing runs whose bytes differ from the pinned ones: neither of a new download nor of an old cache. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { verifyPinned, verifyPinnedOnce } from '#core/supply/pinned.ts'
import {
  componentFolder,
  installComponents,
  pinnedFiles,
  VERSIONS,
} from '../../../../deploy/local/components/install.ts'

let cache: string
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'chainon-pinned-'))
})
afterEach(() => rmSync(cache, { recursive: true, force: true }))

describe('a component in the cache', () => {
  it('is rejected when a file of it has other bytes; the message names the file and both hashes', async () => {
    const folder = componentFolder(cache, 'redis')
    mkdirSync(folder, { recursive: true })
    const name = `valkey-server-${process.platform}-${process.arch}`
    writeFileSync(join(folder, name), 'other bytes')
    await expect(installComponents(cache, ['redis'], process.env, new AbortController().signal)).rejects.toThrow(
      new RegExp(`${name}: SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} is pinned`),
    )
  })
})

/** SHA-256 of `abc`, from FIPS 180-2, appendix B.1. */
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const row = (file: string) => ({ file, sha256: ABC, package: 'pkg:maven/a/b@1', licence: 'MIT' })

describe('a folder of pinned files', () => {
  it('passes with exactly the files of the list', async () => {
    mkdirSync(join(cache, 'lib'))
    writeFileSync(join(cache, 'lib/a.jar'), 'abc')
    await verifyPinned(cache, [row('lib/a.jar')])
  })
  it('fails with a file more, a file less or a link', async () => {
    writeFileSync(join(cache, 'a.jar'), 'abc')
    writeFileSync(join(cache, 'planted.jar'), 'abc')
    symlinkSync(join(cache, 'a.jar'), join(cache, 'link.jar'))
    const check = verifyPinned(cache, [row('a.jar'), row('gone.jar'), row('link.jar')])
    await expect(check).rejects.toMatchObject({
      code: 'configuration',
      problems: expect.toSatisfy((problems: string[]) => {
        expect([...problems].sort()).toEqual([
          'gone.jar: it is missing',
          'link.jar: it is not a regular file',
          'planted.jar: no SHA-256 is pinned for it',
        ])
        return true
      }),
    })
  })
  it('is verified again when the list changes, and leaves no mark when it fails', async () => {
    const folder = join(cache, 'component')
    mkdirSync(folder)
    writeFileSync(join(folder, 'a.jar'), 'abc')
    await verifyPinnedOnce(folder, [row('a.jar')])
    const other = [{ ...row('a.jar'), sha256: '0'.repeat(64) }]
    for (let attempt = 0; attempt < 2; attempt++) await expect(verifyPinnedOnce(folder, other)).rejects.toThrow(ABC)
  })
})

describe('the lists', () => {
  it.each(Object.keys(VERSIONS) as (keyof typeof VERSIONS)[])(
    'of %s have a SHA-256, a package and a licence in each row',
    (component) => {
      const rows = pinnedFiles(component)
      expect(rows.length).toBeGreaterThan(0)
      expect(new Set(rows.map(({ file }) => file)).size).toBe(rows.length)
      for (const { sha256, package: purl, licence } of rows) {
        expect(sha256).toMatch(/^[0-9a-f]{64}$/)
        expect(purl).toMatch(/^pkg:(maven\/[^/@]+|pypi)\/[^/@]+@[^/@]+$/)
        expect(licence).toMatch(/^[A-Z]/)
      }
    },
  )
})

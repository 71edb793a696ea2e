/** The version is written in package.json only, and in no source file. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { VERSION } from '#core/version.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const FOLDERS = ['services', 'deploy', 'loadtest']

it('is the one of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  expect(VERSION).toBe(version)
  expect(VERSION).toMatch(/^\d+\.\d+\.\d+$/)
})

it('is written in no source file', () => {
  const written = FOLDERS.flatMap((folder) => {
    const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    return files
      .filter((file) => /\.(ts|mjs|js)$/.test(file))
      .map((file) => join(folder, file))
      .filter((file) => readFileSync(join(ROOT, file), 'utf8').includes(`'${VERSION}'`))
  })
  expect(written).toEqual([])
})

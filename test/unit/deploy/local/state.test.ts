import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { dataPaths } from '../../../../deploy/local/paths.ts'
import { absentRow, readState, writeState } from '../../../../deploy/local/state.ts'

const data = mkdtempSync(join(tmpdir(), 'chainon-state-'))
const paths = dataPaths(data)
mkdirSync(paths.run)
afterAll(() => rmSync(data, { recursive: true, force: true }))

test.skipIf(process.platform !== 'linux')('without space for a second file, the state file is overwritten', () => {
  const long = { ...absentRow('kafka'), message: 'x'.repeat(500) }
  expect(writeState(paths, [long])).toBeNull()
  // The kernel's disk without space, in place of the temporary file.
  symlinkSync('/dev/full', `${paths.stateFile}.${process.pid}`)
  expect(writeState(paths, [absentRow('kafka'), absentRow('redis')])).toMatchObject({ code: 'ENOSPC' })
  expect(readState(paths).map(({ name, message }) => [name, message])).toEqual([
    ['kafka', 'not started'],
    ['redis', 'not started'],
  ])
})

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

test.skipIf(process.platform !== 'linux')(
  'where there is no room for another file, the state file is written over',
  () => {
    const long = { ...absentRow('kafka'), message: 'x'.repeat(500) }
    expect(writeState(paths, [long])).toBeNull()
    // The kernel's own disk without room, in the temporary file's place.
    symlinkSync('/dev/full', `${paths.stateFile}.${process.pid}`)
    expect(writeState(paths, [absentRow('kafka'), absentRow('redis')])).toMatchObject({ code: 'ENOSPC' })
    expect(readState(paths).map(({ name, message }) => [name, message])).toEqual([
      ['kafka', 'not started'],
      ['redis', 'not started'],
    ])
  },
)

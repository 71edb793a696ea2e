import { describe, expect, it } from 'vitest'
import { parseStateFile, type StateRow } from '#core/process/state-file.ts'

const row: StateRow = {
  name: 'redis',
  pid: 42,
  url: 'redis://127.0.0.1:6379',
  state: 'running',
  restarts: 0,
  since: '2026-11-23T12:00:00.000Z',
  message: '',
  identity: 'boot:1',
}

describe('the state file', () => {
  it('is read as it was written, also with keys of a later version', () => {
    expect(parseStateFile(JSON.stringify([row]))).toEqual([row])
    expect(parseStateFile(JSON.stringify([{ ...row, pid: null, identity: null, later: 1 }]))).toHaveLength(1)
    expect(parseStateFile('[]')).toEqual([])
  })

  it.each([
    ['half a file', '[{"name":"redis",'],
    ['another JSON file', '{"pid":42}'],
    ['an unknown process', JSON.stringify([{ ...row, name: 'postgres' }])],
    ['an unknown state', JSON.stringify([{ ...row, state: 'asleep' }])],
    ['a pid that is a text', JSON.stringify([{ ...row, pid: '42' }])],
    ['a missing key', JSON.stringify([{ ...row, identity: undefined }])],
  ])('is rejected when it is %s', (_what, text) => {
    expect(() => parseStateFile(text)).toThrow(expect.objectContaining({ code: 'not a state file' }))
  })
})

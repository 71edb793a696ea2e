import { describe, expect, it } from 'vitest'
import { didYouMean, nearest } from '#core/schema/nearest.ts'

describe('nearest', () => {
  it.each([
    ['wehn', ['id', 'check', 'severity', 'when'], 'when'],
    ['sa', ['class', 'action', 'to', 'as'], 'as'],
    ['notafter', ['notBefore', 'notAfter'], 'notAfter'],
    ['eventTime', ['event_time', 'version'], 'event_time'],
    ['feild', ['field', 'with'], 'field'],
    ['CHAINON_NAMESPASE', ['CHAINON_NAMESPACE', 'CHAINON_HTTP_PORT'], 'CHAINON_NAMESPACE'],
  ])('%s among %j', (word, known, near) => {
    expect(nearest(word, known)).toBe(near)
  })

  it.each([
    ['max', ['min']],
    ['until', ['from', 'to']],
    ['colour', ['sex', 'birth_year']],
    ['x', ['as', 'to']],
    ['anything', []],
  ])('%s is not near to any of %j', (word, known) => {
    expect(nearest(word, known)).toBeUndefined()
    expect(didYouMean(word, known)).toBe('')
  })

  it('prefers the nearest, not the first', () => {
    expect(nearest('record_ids', ['record_at', 'record_id'])).toBe('record_id')
  })
})

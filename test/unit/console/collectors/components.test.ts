import { describe, expect, test } from 'vitest'
import type { StateRow } from '#core/process/state-file.ts'
import { type ComponentReading, componentViews } from '../../../../services/console/collectors/components.ts'
import { COMPONENT_NAMES, type ComponentName } from '../../../../services/console/snapshot.ts'

const NOW = Date.parse('2026-11-23T12:00:00Z')
const ago = (seconds: number) => NOW - seconds * 1000
const stateRow = (over: Partial<StateRow>): StateRow => ({
  name: 'curate',
  pid: 42,
  url: 'http://127.0.0.1:8092',
  state: 'running',
  restarts: 0,
  since: new Date(ago(600)).toISOString(),
  message: '',
  identity: '42',
  ...over,
})

/** All components run; one has other readings. */
function view(name: ComponentName, over: Partial<ComponentReading>, supervised = true) {
  const running: ComponentReading = {
    row: supervised ? stateRow({}) : undefined,
    answer: { ok: true, since: ago(600), problem: '' },
    alive: true,
    memoryBytes: 1,
    url: null,
  }
  const all = Object.fromEntries(
    COMPONENT_NAMES.map((component) => [component, component === name ? { ...running, ...over } : running]),
  )
  const views = componentViews(all as Record<ComponentName, ComponentReading>, supervised, NOW)
  const found = views.find((component) => component.name === name)
  if (!found) throw new Error(`no ${name}`)
  return found
}

describe('the state of a component', () => {
  test('is the state of the supervisor while it restarts the component, with its message', () => {
    const row = stateRow({ state: 'restarting', restarts: 3, pid: null, message: 'killed by SIGKILL' })
    expect(view('curate', { row })).toMatchObject({ state: 'restarting', restarts: 3, message: 'killed by SIGKILL' })
  })

  test('is "not answering" when it runs and does not answer', () => {
    const answer = { ok: false, since: ago(12), problem: 'no answer in time' }
    expect(view('clickhouse', { answer })).toMatchObject({
      state: 'not-answering',
      since: new Date(ago(12)).toISOString(),
      message: 'no answer in time',
    })
  })

  test('is "running" for a short time without an answer', () => {
    expect(view('curate', { answer: { ok: false, since: ago(1), problem: 'x' } }).state).toBe('running')
  })

  test('is never "running" when its process no longer exists', () => {
    expect(view('curate', { alive: false }).state).toBe('not-answering')
  })

  test('without a supervisor depends on the answers only, and restarts are not known', () => {
    expect(view('kafka', {}, false)).toMatchObject({ state: 'running', restarts: null, pid: null })
    const answer = { ok: false, since: ago(5), problem: 'connection refused' }
    expect(view('kafka', { answer }, false).state).toBe('not-answering')
    expect(view('kafka', { answer: undefined }, false).state).toBe('unknown')
  })

  test('shows no user and no password', () => {
    const { url } = view('redis', { row: undefined, url: 'rediss://user:secret@redis.example:6380' })
    expect(url).toBe('rediss://redis.example:6380')
  })
})

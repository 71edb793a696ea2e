import { expect, it } from 'vitest'
import { KEYS } from '#core/config/keys.ts'

it('a fetch never waits as long as the shortest session: while it waits, no heartbeat is sent', () => {
  expect(KEYS.CHAINON_LOAD_WAIT_MS.max).toBeLessThan(KEYS.CHAINON_GROUP_SESSION_SECONDS.min * 1000)
})

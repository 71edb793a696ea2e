/** Alarms that last until they are cleared: shown on the console's page and at `GET /alarms`. */
import type { AlarmCode } from '../faults/codes.ts'

export interface Alarm {
  readonly id: string
  readonly code: AlarmCode
  readonly feed?: string
  readonly partition?: number
  readonly message: string
  readonly since: string
}

export interface Alarms {
  raise(alarm: Omit<Alarm, 'since'>): void
  clear(id: string): void
  active(): readonly Alarm[]
}

export function createAlarms(): Alarms {
  const active = new Map<string, Alarm>()
  return {
    raise(alarm) {
      const since = active.get(alarm.id)?.since ?? new Date().toISOString()
      active.set(alarm.id, { ...alarm, since })
    },
    clear: (id) => void active.delete(id),
    active: () => [...active.values()],
  }
}

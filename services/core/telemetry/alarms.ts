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
  lift(id: string): void
  standing(): readonly Alarm[]
}

export function createAlarms(): Alarms {
  const standing = new Map<string, Alarm>()
  return {
    raise(alarm) {
      const since = standing.get(alarm.id)?.since ?? new Date().toISOString()
      standing.set(alarm.id, { ...alarm, since })
    },
    lift: (id) => void standing.delete(id),
    standing: () => [...standing.values()],
  }
}

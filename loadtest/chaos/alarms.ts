/** Watches `/alarms` of every service: what a fault raised, and what is still raised. */
import type { ProcessName } from '#core/process/state-file.ts'
import type { Bench } from './bench.ts'

export interface AlarmWatch {
  /** `service code` of every alarm since the last call. */
  raised(): readonly string[]
  /** `service code` of the alarms that are active now. */
  active(): Promise<readonly string[]>
  stop(): void
}

const SERVICES: readonly ProcessName[] = ['gateway', 'deidentify', 'curate', 'console']
const EVERY_MS = 400

export function watchAlarms(bench: Bench): AlarmWatch {
  let seen = new Set<string>()
  const activeNow = async () => {
    const found = await Promise.all(
      SERVICES.map(async (name) => {
        const answer = await fetch(`${bench.adminUrl(name)}/alarms`, { signal: AbortSignal.timeout(1000) }).catch(
          () => null,
        )
        const alarms = answer?.ok ? ((await answer.json().catch(() => [])) as { code: string }[]) : []
        return alarms.map(({ code }) => `${name} ${code}`)
      }),
    )
    return [...new Set(found.flat())]
  }
  const poll = async () => {
    for (const one of await activeNow()) seen.add(one)
  }
  const timer = setInterval(() => void poll(), EVERY_MS)
  return {
    raised() {
      const raised = [...seen].toSorted()
      seen = new Set()
      return raised
    },
    active: activeNow,
    stop: () => clearInterval(timer),
  }
}

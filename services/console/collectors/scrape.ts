/** Reads the metrics, the alarms and the health of one service. */
import type { Alarm } from '#core/telemetry/alarms.ts'
import { parsePrometheusText, type Sample } from '#core/telemetry/prometheus-text.ts'
import { WANTED } from './metric-names.ts'

export interface Scrape {
  readonly samples: readonly Sample[]
  readonly alarms: readonly Alarm[]
  /** False while the service starts. A degraded one works, and its alarms say what is stopped. */
  readonly healthy: boolean
}

const TIMEOUT_MS = 2_000

/**
 * @param url of the service, without a path
 * @throws when the service does not answer within 2 s
 */
export async function scrape(url: string): Promise<Scrape> {
  const get = (path: string) => fetch(`${url}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  const [metrics, alarms, health] = await Promise.all([get('/metrics'), get('/alarms'), get('/health')])
  const { status } = (await health.json().catch(() => ({}))) as { status?: unknown }
  const raised: unknown = alarms.ok ? await alarms.json() : []
  return {
    samples: parsePrometheusText(await metrics.text(), WANTED),
    alarms: Array.isArray(raised) ? raised.filter(isAlarm) : [],
    healthy: metrics.ok && (health.ok || status === 'degraded'),
  }
}

function isAlarm(value: unknown): value is Alarm {
  const alarm = value as Partial<Alarm> | null
  return (
    typeof alarm?.id === 'string' &&
    typeof alarm.code === 'string' &&
    typeof alarm.message === 'string' &&
    typeof alarm.since === 'string'
  )
}

/** Whether a source of figures answers, since when it does not answer, and the staleness of its figures. */
import type { SourceView } from '../snapshot.ts'

export interface Source {
  answered(at: number): void
  /** @param problem the reason, as text */
  failed(problem: string, at: number): void
  view(now: number): SourceView
}

/** @param staleAfterMs figures with a greater staleness are no longer live */
export function createSource(staleAfterMs: number): Source {
  let answeredAt: number | undefined
  let failingSince: number | undefined
  let problem: string | null = null
  return {
    answered(at) {
      answeredAt = at
      failingSince = undefined
      problem = null
    },
    failed(reason, at) {
      failingSince ??= at
      problem = reason
    },
    view(now) {
      const stalenessMs = answeredAt === undefined ? undefined : Math.max(0, now - answeredAt)
      const status = stalenessMs === undefined ? 'never' : stalenessMs > staleAfterMs ? 'stale' : 'live'
      // A request without an end is no answer and no failure: then the source has failed since its last answer.
      const since = failingSince ?? (status === 'stale' ? answeredAt : undefined)
      return {
        status,
        age_seconds: stalenessMs === undefined ? null : Math.round(stalenessMs / 100) / 10,
        failing_since: since === undefined ? null : new Date(since).toISOString(),
        problem: problem ?? (status === 'stale' ? 'no answer' : null),
      }
    },
  }
}

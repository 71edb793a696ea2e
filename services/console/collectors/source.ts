/** Whether a source of figures answers, since when it does not, and how old its figures are. */
import type { SourceView } from '../snapshot.ts'

export interface Source {
  answered(at: number): void
  /** @param problem why, for people */
  failed(problem: string, at: number): void
  view(now: number): SourceView
}

/** @param staleAfterMs figures that are older are not live any more */
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
      const ageMs = answeredAt === undefined ? undefined : Math.max(0, now - answeredAt)
      const status = ageMs === undefined ? 'never' : ageMs > staleAfterMs ? 'stale' : 'live'
      // A source that hangs neither answers nor fails: it has failed since its last answer.
      const since = failingSince ?? (status === 'stale' ? answeredAt : undefined)
      return {
        status,
        age_seconds: ageMs === undefined ? null : Math.round(ageMs / 100) / 10,
        failing_since: since === undefined ? null : new Date(since).toISOString(),
        problem: problem ?? (status === 'stale' ? 'no answer' : null),
      }
    },
  }
}

/** @throws TimeoutError when the work takes longer */
export async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('took too long', 'TimeoutError')), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

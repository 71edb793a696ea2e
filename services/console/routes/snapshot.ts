/** `GET /api/snapshot` and `GET /api/ledger`: what the page shows, for scripts. */
import type { FastifyInstance } from 'fastify'
import type { Station } from '../collectors/station.ts'
import { problem } from './problem.ts'

export function registerSnapshot(app: FastifyInstance, station: Station): void {
  app.get('/api/snapshot', { schema: { hide: true } }, () => station.latest())

  // An old ledger would say "conserved" of records that nobody has looked for: 503 instead.
  app.get('/api/ledger', { schema: { hide: true } }, (_request, reply) => {
    const { ledger, sources } = station.latest()
    if (ledger && sources.ledger.status === 'live') return ledger.feeds.flatMap(({ partitions }) => partitions)
    const why = sources.ledger.problem ?? 'it is being read for the first time'
    return reply
      .header('retry-after', '2')
      .code(503)
      .type('application/problem+json')
      .send(problem(503, 'dependency-unavailable', `The ledger cannot be read: ${why}.`))
  })
}

/** `GET /api/snapshot` and `GET /api/ledger`: the figures of the page, for scripts. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import { LedgerRowSchema } from '#core/ledger/row.ts'
import type { SnapshotPublisher } from '../collectors/snapshot-publisher.ts'
import { SnapshotSchema } from '../snapshot.ts'
import { PROBLEM_TYPE, problem, problemResponse } from './problem.ts'

const SNAPSHOT = {
  operationId: 'getSnapshot',
  summary: 'All figures of the page',
  response: { 200: SnapshotSchema },
}
const LEDGER = {
  operationId: 'getLedger',
  summary: 'The ledger, one row for each feed and partition',
  response: {
    200: Type.Array(LedgerRowSchema),
    503: problemResponse('The ledger was not read in the last 10 s.'),
  },
}

export function registerSnapshot(server: FastifyInstance, publisher: SnapshotPublisher): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>()
  app.get('/api/snapshot', { schema: SNAPSHOT }, () => publisher.latest())

  // A stale ledger does not count the newest records, so it could look balanced when it is not: the answer is 503.
  app.get('/api/ledger', { schema: LEDGER }, async (_request, reply) => {
    const { ledger, sources } = publisher.latest()
    if (ledger && sources.ledger.status === 'live') return ledger.feeds.flatMap(({ partitions }) => partitions)
    const why = sources.ledger.problem ?? 'it has not been read yet'
    reply.header('retry-after', '2').code(503).type(PROBLEM_TYPE)
    return problem(503, 'dependency-unavailable', `The ledger cannot be read: ${why}.`)
  })
}

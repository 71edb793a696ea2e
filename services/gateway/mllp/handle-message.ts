/** One message of a listener: its key, its sender, the same decoding and storing as over HTTP, and its outcome. */
import { FAULTS } from '#core/faults/codes.ts'
import type { KeyUse } from '#core/keys/use.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import { headerSegment } from '../decode/hl7/header.ts'
import { hl7Items } from '../decode/hl7/items.ts'
import { formatLocation } from '../decode/hl7/location.ts'
import { requestKey } from '../decode/hl7/request-key.ts'
import type { Settings } from '../decode/hl7/settings.ts'
import type { Logins } from '../http/logins.ts'
import type { Quotas } from '../http/rate-limit.ts'
import { withinScopes } from '../http/within-scopes.ts'
import { HL7_TARGET, type Ingest } from '../ingest/ingest.ts'
import type { OnUnmapped } from '../ingest/unmapped.ts'
import { ProblemError } from '../problem.ts'
import type { ListenerSettings } from './listeners-file.ts'
import type { ConnectionLogin } from './login.ts'
import { type Outcome, outcomeOf, outcomeOfProblem, rejection } from './outcome.ts'

export interface MessageDependencies {
  readonly keyUse: Pick<KeyUse, 'used'>
  readonly logins: Pick<Logins, 'require'>
  readonly ingest: Ingest
  readonly quotas: Pick<Quotas, 'begin'>
  readonly hl7: Settings
  readonly onUnmapped: OnUnmapped
  readonly maxRecordBytes: number
  readonly logger: Logger
}

/** @param login of now: a key may be revoked between two messages @returns the outcome of the message; it never throws: one message's failure is not the next one's */
export async function handleMessage(
  dependencies: MessageDependencies,
  listener: ListenerSettings,
  login: ConnectionLogin,
  message: Buffer,
  claim: (bytes: number) => void,
): Promise<Outcome> {
  const { keyUse, logins, quotas, hl7, onUnmapped, maxRecordBytes, logger } = dependencies
  try {
    if (login.kind === 'failed')
      return rejection(
        'wrong-key',
        `The key of this ${listener.apiKey === undefined ? 'connection' : 'listener'} is not in force (${login.reason}).`,
      )
    const header = headerSegment(message)
    const place = (field: number) => (header === undefined ? undefined : formatLocation(header.at(field)))
    const sender = { application: header?.text(3) ?? '', facility: header?.text(4) ?? '' }
    if (
      header &&
      !listener.senders.some((one) => one.application === sender.application && one.facility === sender.facility)
    )
      return rejection('sender-not-allowed', FAULTS['sender-not-allowed'].text, place(3))
    if (header === undefined) return rejection('malformed-hl7', FAULTS['malformed-hl7'].text)
    keyUse.used(login.access.keyId)
    await quotas.begin(login.access.producer)
    const answer = await dependencies.ingest({
      producer: login.access.producer,
      feed: 'hl7',
      manyFeeds: true,
      idempotencyKey: requestKey(message),
      target: HL7_TARGET,
      body: message,
      claim,
      items: () => withinScopes(hl7Items(message, hl7, Date.now(), maxRecordBytes, onUnmapped), login.access, logins),
    })
    return outcomeOf(answer)
  } catch (error) {
    const problem = error instanceof ProblemError ? error : new ProblemError('bug', undefined, { cause: error })
    const log = problem.code === 'bug' ? logger.error.bind(logger) : logger.debug.bind(logger)
    log({
      event: 'message-failed',
      code: problem.code,
      listener: listener.name,
      err: safeError(problem.cause ?? error),
    })
    return outcomeOfProblem({
      code: problem.problemCode,
      title: FAULTS[problem.problemCode].text,
      status: problem.status as 400,
    })
  }
}

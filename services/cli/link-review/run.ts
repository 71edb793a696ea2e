/** `chainon link review`: the queue of the linker, a session of a reviewer, how far reviewers agree. */
import { userInfo } from 'node:os'
import { readConfig } from '#core/config/read.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { statistics } from '#core/linkage/review/agreement.ts'
import { REVIEWER, reviewLog } from '#core/linkage/review/review-log.ts'
import { type ReviewQueue, ReviewQueueSchema } from '#core/linkage/review/review-queue.ts'
import { type Mode, standings } from '#core/linkage/review/standing.ts'
import { askedOf } from '#core/linkage/review/verdicts.ts'
import { complete } from '#core/schema/complete.ts'
import { resolveEnvironment } from '../environment.ts'
import { actor } from '../journal.ts'
import { decide } from '../link-decide.ts'
import { readKeys } from './keys.ts'
import { queueText, scopeText, statisticsText } from './review-text.ts'
import { session } from './session.ts'

export interface ReviewOptions {
  readonly reviewer?: string
  /** How many must say the same: 1 or 2. */
  readonly reviewers?: number
  readonly third?: true
  readonly list?: true
  readonly json?: true
  readonly statistics?: true
  readonly sample?: number
  readonly most?: number
  /** Links of a clerical sample, in place of the queue. */
  readonly clerical?: number
  readonly dataDir?: string
}

/** @param inspect runs the linker's reading of its index @throws ConfigurationError when the options or the log are wrong */
export async function review(
  env: NodeJS.ProcessEnv,
  options: ReviewOptions,
  inspect: (line: readonly string[], onOutput: (bytes: Buffer) => void) => Promise<number>,
): Promise<void> {
  const { dataDir, reviewer = userInfo().username, json } = options
  const more = dataDir === undefined ? {} : { dataDir }
  const environment = resolveEnvironment(env, more)
  const { CHAINON_DATA_DIR: data = '' } = environment
  const { CHAINON_LINKAGE_REVIEWERS: atLeast } = readConfig('link', ['CHAINON_LINKAGE_REVIEWERS'], environment)
  const mode = modeOf(reviewer, atLeast, options)
  const log = reviewLog(data)
  const known = standings(log.read())
  if (options.statistics) {
    const result = statistics(known.values())
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : statisticsText(result))
    return
  }
  const queue = await readQueue(options, inspect)
  // It has said why.
  if (!queue) return
  const asked = askedOf(queue.pairs, known, reviewer, mode)
  if (options.list) {
    const { pairs: _all, ...scope } = queue
    process.stdout.write(json ? `${JSON.stringify({ ...scope, pairs: asked }, null, 2)}\n` : queueText(queue, asked))
    return
  }
  process.stdout.write(`${scopeText(queue, asked)}\n`)
  process.exitCode = await session({
    ...{
      pairs: queue.pairs,
      log,
      reviewer,
      mode,
      account: actor(),
      now: Date.now,
      drawn: queue.kind === 'clerical',
      keys: readKeys(process.stdin),
    },
    write: (text) => process.stdout.write(text),
    decide: (decision, records, reason, by) => decide(env, decision, records, { reason, by, quiet: true, ...more }),
  })
}

function modeOf(
  reviewer: string,
  atLeast: number,
  { reviewers = atLeast, third, json, list, statistics: counts, clerical, most }: ReviewOptions,
): Mode {
  const wrong = [
    ...(new RegExp(REVIEWER).test(reviewer) ? [] : ['--reviewer is 1 to 39 of letters, digits and . _ @ -']),
    ...(reviewers > 2 ? ['--reviewers is 1 or 2'] : []),
    ...(reviewers < atLeast ? ['CHAINON_LINKAGE_REVIEWERS is 2: a verdict counts only where two reviewers agree'] : []),
    ...(clerical !== undefined && most !== undefined ? ['give one of --clerical and --most'] : []),
    ...(json && !list && !counts ? ['--json is for --list and --statistics'] : []),
  ]
  if (wrong.length > 0) throw new ConfigurationError('The options are wrong', wrong)
  return third ? 'third' : reviewers === 2 ? 'second' : 'alone'
}

async function readQueue(
  { sample, most, clerical }: ReviewOptions,
  inspect: (line: readonly string[], onOutput: (bytes: Buffer) => void) => Promise<number>,
): Promise<ReviewQueue | undefined> {
  const chunks: Buffer[] = []
  const line = [
    'review',
    ...(sample === undefined ? [] : ['--sample', String(sample)]),
    ...(most === undefined ? [] : ['--most', String(most)]),
    ...(clerical === undefined ? [] : ['--clerical', String(clerical)]),
  ]
  if ((await inspect(line, (bytes) => chunks.push(bytes))) !== 0) return undefined
  const queue = complete(ReviewQueueSchema, JSON.parse(Buffer.concat(chunks).toString()))
  if (!queue) throw new ChainonError('bug', 'the review queue of the linker has not its form')
  return queue
}

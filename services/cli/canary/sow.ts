/** Sows everything through one gateway, waits until it went through, and cancels it, so that no project sees it. */
import type { FeedContract } from '#core/contract/types.ts'
import { receiptClient } from '#core/gateway-api/receipt-client.ts'
import type { Inventor } from './invent.ts'
import { canaryMessages } from './messages.ts'
import { type MllpListener, sendOverMllp } from './mllp.ts'
import type { Sown } from './report.ts'
import { cancellations, receiptOf, sendCanary, unexpected, waitForReceipts } from './send.ts'
import { type CanaryRequest, type Planted, type Sowing, sowings } from './sowings.ts'
import { type CanaryFile, canaryFile, pushFile } from './table-file.ts'

export interface Plan {
  readonly sowings: readonly Sowing[]
  /** One of each feed. */
  readonly files: readonly CanaryFile[]
  readonly mllp: { readonly listener: MllpListener; readonly messages: ReturnType<typeof canaryMessages> } | undefined
  readonly sown: readonly Sown[]
  /** By channel. */
  readonly requests: ReadonlyMap<string, number>
  readonly notSown: readonly string[]
}

/** @param at milliseconds since 1970 */
export function planOf(
  contracts: readonly FeedContract[],
  feedsDir: string,
  invent: Inventor,
  at: number,
  listener: MllpListener | undefined,
): Plan {
  const all = sowings(contracts, feedsDir, invent, at)
  const files = contracts.map((contract) => canaryFile(contract, invent))
  const mllp = listener && { listener, messages: canaryMessages(invent, at, listener) }
  const sown = [
    ...all.flatMap(({ channel, hidden, records }) => [
      ...records.flatMap(({ canaries }) => canaries.map((canary) => ({ canary, channel }))),
      ...hidden.flatMap(valuesOf),
    ]),
    ...files.flatMap(({ hidden }) => hidden).flatMap(valuesOf),
    ...(mllp ? valuesOf({ channel: MLLP, canaries: mllp.messages.canaries }) : []),
  ]
  const requests = new Map<string, number>()
  const count = (channel: string, more: number) => requests.set(channel, (requests.get(channel) ?? 0) + more)
  for (const { channel, hidden } of all)
    for (const one of new Set([channel, ...hidden.map((hiding) => hiding.channel)])) count(one, 1)
  for (const { channel } of files.flatMap(({ hidden }) => hidden)) count(channel, 1)
  if (mllp) count(MLLP, mllp.messages.messages.length)
  return {
    sowings: all,
    files,
    mllp,
    sown,
    requests,
    notSown: mllp ? [] : [`${MLLP}: no listener was given (--mllp)`],
  }
}

const MLLP = 'HL7 v2 over MLLP'
const PUSHES = 4
const valuesOf = ({ canaries, channel }: { channel: string; canaries: readonly string[] }): readonly Sown[] =>
  canaries.map((canary) => ({ canary, channel }))

export interface Gateway {
  readonly url: string
  readonly key: string
}

export interface Outcome {
  readonly answers: readonly { readonly where: string; readonly bytes: Buffer }[]
  readonly receipts: readonly string[]
  readonly failures: readonly string[]
}

/**
 * @param environment of a command that sends a file
 * @param waitSeconds how long it is waited for the records, and again for their cancellations
 * @param signal ends the sowing and the waiting; what was sown is cancelled nevertheless
 * @throws ChainonError dependency-unavailable when the gateway or the listener does not answer
 */
export async function sowAll(
  plan: Plan,
  contracts: readonly FeedContract[],
  gateway: Gateway,
  environment: NodeJS.ProcessEnv,
  waitSeconds: number,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  const answers: { where: string; bytes: Buffer }[] = []
  const receipts: string[] = []
  const failures: string[] = []
  const send = async (where: string, request: CanaryRequest) => {
    const answer = await sendCanary(gateway.url, gateway.key, request)
    answers.push({ where, bytes: answer.bytes })
    const receipt = receiptOf(answer.text)
    if (receipt !== undefined) receipts.push(receipt)
    return answer
  }
  const planted: Planted[] = []
  try {
    for (const sowing of plan.sowings) {
      signal.throwIfAborted()
      planted.push(...sowing.planted)
      const problem = unexpected(sowing, await send(`the answer to ${sowing.channel}`, sowing.request))
      if (problem !== undefined) failures.push(problem)
    }
    planted.push(...plan.files.map((file) => file.planted))
    const push = (file: CanaryFile) => pushFile(file, gateway.url, gateway.key, environment, signal)
    // Each is a process: as many at a time as an auditor's machine has room for.
    for (let at = 0; at < plan.files.length; at += PUSHES)
      for (const { feed, output, status } of await Promise.all(plan.files.slice(at, at + PUSHES).map(push))) {
        if (status !== 0) failures.push(`CSV (${feed}): chainon push ended with ${status}`)
        answers.push({ where: `what chainon push says of ${feed}`, bytes: output })
      }
    if (plan.mllp) {
      const { listener, messages } = plan.mllp
      planted.push(...messages.records.map((one) => ({ ...one, patient: messages.ipp })))
      for (const { bytes, code } of await sendOverMllp(listener, messages.messages)) {
        answers.push({ where: MLLP, bytes })
        if (code !== 'AA') failures.push(`${MLLP}: the listener answered ${/^[A-Z]{2}$/.test(code) ? code : 'no code'}`)
      }
    }
    await settled('records', waitSeconds)
  } finally {
    // Also of an attempt that failed or was interrupted in its middle.
    say('cancelling what was sown')
    const open: string[] = []
    for (const request of cancellations(contracts, planted, Date.now())) {
      const status = await send('the answer to a cancellation', request).then(
        (answer) => answer.status,
        () => undefined,
      )
      if (status !== 202) open.push(`${request.path}: the cancellation was answered ${status ?? 'by nothing'}`)
    }
    failures.push(...open)
    // Who interrupts it sees no report.
    if (open.length > 0) say(`not everything was cancelled: run it again with its seed\n${open.join('\n')}`)
  }
  await settled('cancellations', waitSeconds)
  return { answers, receipts, failures }

  async function settled(what: string, seconds: number): Promise<void> {
    say(`waiting until the ${what} went through`)
    const client = receiptClient(gateway)
    const left = await waitForReceipts(client, receipts, Date.now() + seconds * 1000, signal)
    client.close()
    if (left.length > 0) failures.push(`${left.length} receipts: it is not known whether their ${what} went through`)
  }
}

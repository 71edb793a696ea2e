/** Provokes the answers of a store transaction for a client that accepts its data set. */
import type { harness } from '../harness.ts'
import type { Answer } from './audit.ts'
import type { storeRoute } from './example-bodies.ts'
import { afterPause, answerOf } from './provoke.ts'

/** @returns an answer with each status: first, sent again, and while Redis does not answer */
export async function provokeDatasets(
  { key, state }: Awaited<ReturnType<typeof harness>>,
  url: string,
  { path, template = path, valid, mixed, rejected }: ReturnType<typeof storeRoute>,
): Promise<Answer[]> {
  const [[type, good] = ['', '']] = valid
  const post = async (body: string, name: string) =>
    answerOf(
      `POST ${template}`,
      await fetch(`${url}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': type,
          accept: 'application/dicom+json',
          'idempotency-key': `${template} data set ${name}`,
        },
        body,
      }),
    )
  const bodies = Object.entries({ good: String(good), mixed, rejected })
  const answers: Answer[] = []
  for (const [name, body] of [...bodies, ...bodies]) answers.push(await post(body, name))
  state.redisDown = true
  for (const [name, body] of bodies) answers.push(await post(body, name))
  state.redisDown = false
  answers.push(await afterPause(() => post(mixed, 'mixed')))
  return answers
}

/** What a circuit holds: the list of the third party, the secret and the form of its hashes. As text: a line of JSON, then a line for each subject. */
import Type from 'typebox'
import { ConfigurationError } from '#core/faults/errors.ts'
import { HashForm } from '#core/linkage/hashed.ts'
import { closed } from '#core/schema/closed.ts'
import { complete } from '#core/schema/complete.ts'
import type { HashedSubject } from './read-hashes.ts'

export interface HeldList {
  readonly form: HashForm
  readonly secret: Buffer
  /** A result of fewer subjects is not told. */
  readonly least: number
  readonly subjects: readonly HashedSubject[]
}

const Head = closed({
  form: HashForm,
  secret: Type.String({ pattern: '^(?:[0-9a-f]{2}){32,}$' }),
  least: Type.Integer({ minimum: 1 }),
  subjects: Type.Integer({ minimum: 0 }),
})

export function textOfList({ form, secret, least, subjects }: HeldList): string {
  const head = JSON.stringify({ form, secret: secret.toString('hex'), least, subjects: subjects.length })
  return [head, ...subjects.map(({ subject, hash }) => `${subject},${hash}`)].join('\n')
}

/** @param text of `textOfList`, authenticated @throws ConfigurationError when it is of another version */
export function listOf(text: string): HeldList {
  const [first = '', ...lines] = text.split('\n')
  const head = headOf(first)
  if (!head || head.subjects !== lines.length)
    throw new ConfigurationError('The list of a circuit cannot be read', ['another version of Chainon has written it'])
  const subjects = lines.map((line) => {
    const at = line.indexOf(',')
    return { subject: line.slice(0, at), hash: line.slice(at + 1) }
  })
  return { form: head.form, secret: Buffer.from(head.secret, 'hex'), least: head.least, subjects }
}

function headOf(line: string) {
  try {
    return complete(Head, JSON.parse(line))
  } catch {
    return undefined
  }
}

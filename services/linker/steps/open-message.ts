import type { KafkaMessage } from 'kafkajs'
import { ChainonError } from '#core/faults/errors.ts'
import { HEADER_ORIGIN_OFFSET, headerText } from '#core/kafka/headers.ts'
import type { EncodingWraps } from '#core/linkage/encoding-wrap.ts'
import { type LinkageMessage, type MessageForm, unpackMessage } from '#core/linkage/message.ts'
import type { LinkageSeal } from '#core/linkage/seal.ts'
import type { Step } from '#core/pipeline/step.ts'
import { fail, pass } from '#core/pipeline/verdict.ts'

/**
 * A message that `deidentify` did not write as it is, or wrote for other traits, has a fault. One of a version of encodings that came into force since this process began
 * throws ChainonError key-rotation: it is read by the next one.
 */
export function openMessage(
  seal: Pick<LinkageSeal, 'open'>,
  form: MessageForm,
  wraps: Pick<EncodingWraps, 'version' | 'has'>,
): Step<
  Pick<KafkaMessage, 'value' | 'headers'>,
  LinkageMessage,
  'missing-header' | 'seal-broken' | 'contract-mismatch'
> {
  return {
    name: 'openMessage',
    run: ({ value, headers }) => {
      const origin = headerText(headers, HEADER_ORIGIN_OFFSET)
      if (origin === undefined) return fail('missing-header')
      const plain = value ? seal.open(value, origin) : undefined
      if (!plain) return fail('seal-broken')
      const unpacked = unpackMessage(plain, form)
      if (unpacked.ok) {
        const { encoding = 1 } = unpacked.message
        if (encoding > wraps.version)
          throw new ChainonError('key-rotation', `encodings are of version ${encoding}: the linker starts again`)
        return wraps.has(encoding) ? pass(unpacked.message) : fail('contract-mismatch')
      }
      return fail(unpacked.why === 'other-form' ? 'contract-mismatch' : 'seal-broken')
    },
  }
}

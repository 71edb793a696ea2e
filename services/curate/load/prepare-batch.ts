import type { Decoder } from '#core/avro/registry.ts'
import type { TokenOpener } from '#core/sealing/tokens.ts'
import type { OriginMessage } from './order.ts'

/**
 * Fetches what the steps need for these messages: schemas, and of a linked feed the data keys of its tokens.
 * @throws ChainonError dependency-unavailable; sealing-key-unknown when tokens were sealed for another key than that of this installation
 */
export async function prepareBatch(
  { decoder, tokens }: { readonly decoder: Decoder; readonly tokens: TokenOpener | undefined },
  messages: readonly OriginMessage[],
): Promise<void> {
  await decoder.prepare(messages.map(({ message }) => message.value))
  if (tokens) await tokens.prepare(messages.map(({ message }) => decoder.decode(message.value)?.record._sealed_tokens))
}

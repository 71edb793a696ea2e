/** Cuts a stream into server-sent events (html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream). */

export interface ServerSentEvent {
  /** The last id that was sent, with this event or before it. */
  readonly id: string | undefined
  readonly name: string
  /** Empty for an id without data. */
  readonly data: string
}

/** Of one line; a longer one is not from a gateway. */
const MAX_LINE = 1024 * 1024

/** @throws Error for a line that is too long */
export async function* splitEvents(chunks: AsyncIterable<Buffer>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  let id: string | undefined
  let name = ''
  let told: string | undefined
  let data: string[] = []
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true })
    // A CR at the end may be the first half of CRLF.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE) throw new Error('a line of the stream is too long')
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0 || told !== id) yield { id, name: name || 'message', data: data.join('\n') }
        told = id
        name = ''
        data = []
        continue
      }
      const colon = line.indexOf(':')
      const field = colon === -1 ? line : line.slice(0, colon)
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'id' && !value.includes('\0')) id = value
      else if (field === 'event') name = value
      else if (field === 'data') data.push(value)
    }
  }
}

/**
 * Finds requests and answers in the bytes of a connection, as far as a fault needs it: where a request begins and ends, what it asks
 * for, and when its answer begins. Nothing is changed.
 */

export type Protocol = 'http' | 'kafka' | 'redis'

export interface SeenRequest {
  /** HTTP: method and address. Kafka: `api:<key>`. Redis: the first command's name. */
  readonly label: string
  /** Kafka's correlation id; 0 elsewhere. */
  readonly id: number
}

/** Kafka's API keys. Source: the protocol guide of Apache Kafka. */
export const KAFKA_PRODUCE = 'api:0'
export const KAFKA_COMMIT = 'api:8'

export interface RequestFramer {
  /** @param begin called at the first bytes of a request @param end called when its last byte has been seen */
  read(chunk: Buffer, begin: (request: SeenRequest) => void, end: () => void): void
}

export interface AnswerFramer {
  /** @param answered called once per answer, with Kafka's correlation id */
  read(chunk: Buffer, answered: (id: number) => void): void
}

export function requestFramer(protocol: Protocol): RequestFramer {
  switch (protocol) {
    case 'http':
      return httpRequests()
    case 'kafka':
      return kafkaRequests()
    case 'redis':
      return redisRequests()
  }
}

export function answerFramer(protocol: Protocol): AnswerFramer {
  // HTTP without pipelining, and Redis: the first bytes after a request are its answer, sent when the work is done.
  return protocol === 'kafka' ? kafkaAnswers() : { read: (_chunk, answered) => answered(0) }
}

function httpRequests(): RequestFramer {
  let head = ''
  let inBody = false
  let chunked = false
  let left = 0
  let tail = ''
  return {
    read(chunk, begin, end) {
      let body = chunk
      if (!inBody) {
        if (head === '') begin({ label: chunk.toString('latin1', 0, Math.max(0, chunk.indexOf(' HTTP/'))), id: 0 })
        head += chunk.toString('latin1')
        const at = head.indexOf('\r\n\r\n')
        if (at < 0) return
        chunked = /^transfer-encoding: *chunked/im.test(head)
        left = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
        body = Buffer.from(head.slice(at + 4), 'latin1')
        inBody = true
        tail = ''
      }
      if (chunked) tail = (tail + body.toString('latin1', Math.max(0, body.length - 7))).slice(-7)
      else left -= body.length
      if (chunked ? !tail.endsWith('0\r\n\r\n') : left > 0) return
      head = ''
      inBody = false
      end()
    },
  }
}

/** A frame: 4 bytes of length, then for a request 2 of API key, 2 of version and 4 of correlation id; for an answer the id alone. */
function kafkaFrames(begin: (frame: Buffer) => void, headBytes: number, end: () => void): (chunk: Buffer) => void {
  let head = Buffer.alloc(0)
  let left = -1
  return (chunk) => {
    let at = 0
    while (at < chunk.length) {
      if (left < 0) {
        const more = chunk.subarray(at, at + headBytes - head.length)
        head = Buffer.concat([head, more])
        at += more.length
        if (head.length < headBytes) return
        left = head.readInt32BE(0) - (headBytes - 4)
        begin(head)
        head = Buffer.alloc(0)
      }
      const skipped = Math.min(left, chunk.length - at)
      at += skipped
      left -= skipped
      if (left > 0) return
      left = -1
      end()
    }
  }
}

function kafkaRequests(): RequestFramer {
  let onBegin: (request: SeenRequest) => void = () => undefined
  let onEnd: () => void = () => undefined
  const read = kafkaFrames(
    (frame) => onBegin({ label: `api:${frame.readInt16BE(4)}`, id: frame.readInt32BE(8) }),
    12,
    () => onEnd(),
  )
  return {
    read(chunk, begin, end) {
      onBegin = begin
      onEnd = end
      read(chunk)
    },
  }
}

function kafkaAnswers(): AnswerFramer {
  let onAnswer: (id: number) => void = () => undefined
  const read = kafkaFrames(
    (frame) => onAnswer(frame.readInt32BE(4)),
    8,
    () => undefined,
  )
  return {
    read(chunk, answered) {
      onAnswer = answered
      read(chunk)
    },
  }
}

/** One write of the client is one request here: a pipeline is answered as a whole. */
function redisRequests(): RequestFramer {
  return {
    read(chunk, begin, end) {
      const label = /\$\d+\r\n([A-Za-z]+)\r\n/.exec(chunk.toString('latin1', 0, 64))?.[1] ?? 'continued'
      begin({ label: label.toLowerCase(), id: 0 })
      end()
    },
  }
}

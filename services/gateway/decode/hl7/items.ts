/** A body of HL7 v2 as items: each message becomes records of one or several feeds, or is refused with its place and its rule. */
import type { OnUnmapped } from '../../ingest/unmapped.ts'
import { ProblemError } from '../../problem.ts'
import type { Item } from '../item.ts'
import { bomLength } from '../ndjson.ts'
import { adtItems } from './adt.ts'
import type { Received } from './context.ts'
import { givenItems } from './given-drugs.ts'
import { readHeader } from './header.ts'
import { mdmItems } from './mdm.ts'
import { parseMessage } from './message.ts'
import { orderItems } from './orders.ts'
import { oruItems } from './oru.ts'
import { refused } from './record-map.ts'
import { Refusal } from './refusal.ts'
import type { Settings } from './settings.ts'
import { splitMessages } from './split.ts'
import { unmappedFields } from './unmapped.ts'

/** The mapping of each type of message; of results and of orders single events are mapped. */
const MAPPERS: Readonly<Record<string, (received: Received) => Iterable<Item>>> = {
  ADT: adtItems,
  'ORU^R01': oruItems,
  MDM: mdmItems,
  'ORM^O01': orderItems,
  'OML^O21': orderItems,
  'OMP^O09': orderItems,
  'RAS^O17': givenItems,
  'RDS^O13': givenItems,
}

/**
 * @param receivedAt when the gateway received the request, milliseconds since 1970
 * @param maxMessageBytes largest message; a larger one is refused without being read
 * @param onUnmapped told of each field with a value that no mapping reads
 * @throws ProblemError malformed-body when the body does not begin with a message or a batch
 */
export function* hl7Items(
  body: Buffer,
  settings: Settings,
  receivedAt: number,
  maxMessageBytes: number,
  onUnmapped: OnUnmapped,
): Generator<Item> {
  const start = body.subarray(bomLength(body))
  if (!/^(?:MSH|[BF]HS)/.test(start.toString('latin1', 0, 3)))
    throw new ProblemError('malformed-body', 'The body must begin with an MSH, BHS or FHS segment.')
  let index = 0
  for (const { bytes, fault } of splitMessages(start)) {
    if (fault) yield refused(new Refusal(fault.fault, fault.location), index)
    else if (bytes.length > maxMessageBytes) {
      const place = { segment: 'MSH', occurrence: 1, field: 0 }
      yield refused(new Refusal('record-too-large', place, [`at most ${maxMessageBytes} bytes in a message`]), index)
    } else yield* messageItems(bytes, settings, receivedAt, index, onUnmapped)
    index++
  }
}

function* messageItems(
  bytes: Buffer,
  settings: Settings,
  receivedAt: number,
  index: number,
  onUnmapped: OnUnmapped,
): Generator<Item> {
  const header = readHeader(bytes, settings.charset)
  const message = header instanceof Refusal ? header : parseMessage(bytes, header)
  if (header instanceof Refusal || message instanceof Refusal) {
    yield refused(header instanceof Refusal ? header : (message as Refusal), index)
    return
  }
  const { type, event } = header
  const name = Object.hasOwn(MAPPERS, type) ? type : `${type}^${event}`
  const mapper = Object.hasOwn(MAPPERS, name) ? MAPPERS[name] : undefined
  if (mapper === undefined) {
    yield refused(new Refusal('unmapped-message', header.segment.at(9), Object.keys(MAPPERS)), index)
    return
  }
  for (const place of unmappedFields(message)) onUnmapped(place)
  yield* mapper({ message, settings, receivedAt, index })
}

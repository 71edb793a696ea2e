/** Separators, escapes, repetitions, character sets, batches and times, as HL7 v2 has them. */
import { describe, expect, test } from 'vitest'
import { localTime } from '#core/contract/local-time.ts'
import { cdaText } from '#core/documents/cda.ts'
import { unescape } from '../../../../../services/gateway/decode/hl7/escapes.ts'
import { type Header, readHeader } from '../../../../../services/gateway/decode/hl7/header.ts'
import { formatLocation, parseLocation } from '../../../../../services/gateway/decode/hl7/location.ts'
import { type Message, parseMessage } from '../../../../../services/gateway/decode/hl7/message.ts'
import { readDay, readMoment } from '../../../../../services/gateway/decode/hl7/moment.ts'
import { Refusal } from '../../../../../services/gateway/decode/hl7/refusal.ts'
import { readSeparators, type Separators } from '../../../../../services/gateway/decode/hl7/separators.ts'
import { batchHeader, splitMessages } from '../../../../../services/gateway/decode/hl7/split.ts'
import { msh } from './messages.ts'

const USUAL = readSeparators('MSH|^~\\&|') as Separators
const PARIS = localTime('Europe/Paris')

function parse(text: string | Buffer): Message {
  const bytes = Buffer.from(text)
  const message = parseMessage(bytes, readHeader(bytes, 'ASCII') as Header)
  if (message instanceof Refusal) throw new Error(`${formatLocation(message.location)} ${message.fault}`)
  return message
}

function refusal(text: string | Buffer): string {
  const bytes = Buffer.from(text)
  const header = readHeader(bytes, 'ASCII')
  const result = header instanceof Refusal ? header : parseMessage(bytes, header)
  return result instanceof Refusal ? `${formatLocation(result.location)} ${result.fault}` : 'accepted'
}

describe('separators', () => {
  test('are those of MSH-1 and MSH-2, also of 2.7 and of a sender that chooses his own', () => {
    expect(USUAL).toEqual({ field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&' })
    expect(readSeparators('MSH|^~\\&#|')).toEqual(USUAL)
    expect(readSeparators('MSH$%*!@$')).toEqual({
      field: '$',
      component: '%',
      repetition: '*',
      escape: '!',
      subcomponent: '@',
    })
    expect(readSeparators('MSH|^~|')).toMatchObject({ escape: undefined, subcomponent: undefined })
  })

  test.each(['MSH', 'MSH|', 'MSH|^|', 'MSH|^^\\&|', 'MSH|^~\\&#!|', 'MSHA^~\\&A', 'MSH|^ \\&|', 'MSH|^~\\"|'])(
    '%s has none that can be used',
    (text) => {
      expect(readSeparators(text)).toBeUndefined()
    },
  )

  test('a message with other separators is read by them', () => {
    const message = parse('MSH$%*!@$A$B$$$20250201$$ORU%R01$1$P$2.5\rPID$1$$X%Y@Z*W$a!F!b')
    const [pid] = message.all('PID')
    expect(pid?.repetitions(3).map((one) => [one.text(1), one.text(2, 2)])).toEqual([
      ['X', 'Z'],
      ['W', undefined],
    ])
    expect(pid?.text(4)).toBe('a$b')
  })
})

describe('values', () => {
  const at = (text: string) => unescape(text, USUAL, (bytes) => bytes.toString('utf8'))

  test.each([
    ['a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f', 'a|b^c&d~e\\f'],
    ['l1\\.br\\l2\\.sp2\\l3', 'l1\nl2\nl3'],
    ['\\H\\bold\\N\\ \\.in+4\\x', 'bold x'],
    ['caf\\XC3A9\\', 'café'],
    ['a\\X000d\\b\\X000A\\c', 'a\rb\nc'],
    ['\\\\srv\\share', '\\\\srv\\share'],
    ['a\\b', 'a\\b'],
    ['\\Zx\\\\F\\', '\\Zx\\|'],
    ['\\E\\E\\E\\', '\\E\\'],
    ['\\X0\\', '\\X0\\'],
  ])('%s is %s', (given, expected) => {
    expect(at(given)).toBe(expected)
  })

  test('a value that is deleted is not one that is absent', () => {
    const pid = parse(`${msh('ADT^A08')}\rPID|1||X|""|a&""^`).first('PID')
    expect([pid?.value(4), pid?.value(6), pid?.value(5, 1, 2), pid?.value(5, 2), pid?.text(4)]).toEqual([
      null,
      undefined,
      null,
      undefined,
      undefined,
    ])
  })

  test('an MSH counts its first separator as a field', () => {
    const header = parse(msh('ADT^A01', 'ID9')).first('MSH')
    expect([header?.text(1), header?.text(9, 2), header?.text(10), header?.text(12)]).toEqual([
      '|',
      'A01',
      'ID9',
      '2.5',
    ])
  })
})

describe('character sets', () => {
  const name = (charset: string, bytes: readonly number[]) => {
    const text = Buffer.concat([
      Buffer.from(`${msh('ADT^A08', '1', `2.5||||||${charset}`)}\rPID|1||X||`),
      Buffer.from(bytes),
    ])
    return refusal(text) === 'accepted' ? parse(text).first('PID')?.text(5) : refusal(text)
  }

  test.each([
    ['', [0x41], 'A'],
    ['', [0xe9], 'MSH[1]-18 charset'],
    ['ASCII', [0xe9], 'MSH[1]-18 charset'],
    ['8859/1', [0xe9, 0x80], 'é\u0080'],
    ['8859/15', [0xe9, 0xa4], 'é€'],
    ['UNICODE UTF-8', [0xc3, 0xa9], 'é'],
    ['UNICODE UTF-8', [0xe9], 'MSH[1]-18 charset'],
    ['8859/1~ISO IR87', [0x41], 'MSH[1]-18 charset'],
    ['EBCDIC', [0x41], 'MSH[1]-18 charset'],
  ])('%s %j is %s', (charset, bytes, expected) => {
    expect(name(charset, bytes)).toBe(expected)
  })
})

test.each([
  ['MSH', 'MSH[1]-2 malformed-hl7'],
  ['MSH|^~\\&|A|B|C|D|20250201||', 'MSH[1]-9 required'],
  [msh('ADT^A01', ''), 'MSH[1]-10 required'],
  [msh('ADT^A01', 'x'.repeat(200)), 'MSH[1]-10 max-length'],
  [msh('ADT^A01').replace('|P|', '|T|'), 'MSH[1]-11 not-production'],
  [msh('ADT^A01').replace('|P|', '||'), 'MSH[1]-11 required'],
  [msh('ADT^A01', '1', '2.2'), 'MSH[1]-12 unsupported-version'],
  [msh('ADT^A01', '1', '3.0'), 'MSH[1]-12 unsupported-version'],
  [`${msh('ADT^A01')}\rnot a segment`, 'MSH[1] malformed-hl7'],
  [`${msh('ADT^A01')}\rPID^1`, 'MSH[1] malformed-hl7'],
  [`${msh('ADT^A01')}\r\n\r\nPID|1\n`, 'accepted'],
  [msh('ADT^A01', '1', '2.8.2'), 'accepted'],
])('the header of %# is %s', (text, expected) => {
  expect(refusal(text)).toBe(expected)
})

test('a message beyond a bound of the format is refused with the place and the bound: 20,000 segments, 500 fields, 10,000 repetitions', () => {
  const bound = (text: string) => {
    const bytes = Buffer.from(text)
    const result = parseMessage(bytes, readHeader(bytes, 'ASCII') as Header)
    return result instanceof Refusal ? [formatLocation(result.location), result.fault, result.allowed] : 'accepted'
  }
  const results = (count: number) => `${msh('ORU^R01')}${'\rOBX|1'.repeat(count - 1)}`
  expect(bound(results(20_000))).toBe('accepted')
  expect(bound(results(20_001))).toEqual(['MSH[1]', 'record-too-large', ['at most 20000 segments in a message']])
  expect(bound(`${msh('ADT^A01')}\rPID|1\rPID|${'|'.repeat(501)}`)).toEqual([
    'PID[2]',
    'record-too-large',
    ['at most 500 fields in a segment'],
  ])
  expect(bound(`${msh('ADT^A01')}\rPID|${'~'.repeat(10_001)}`)).toEqual([
    'PID[1]',
    'record-too-large',
    ['at most 10000 repetitions in a segment'],
  ])
})

describe('batches', () => {
  const cut = (...lines: readonly string[]) =>
    [...splitMessages(Buffer.from(lines.join('\r')))].map(({ bytes, fault }) =>
      fault ? `${formatLocation(fault.location)} ${fault.fault}` : bytes.toString().trim(),
    )

  test('one message, several, and envelopes', () => {
    expect(cut('MSH|1', 'PID|a')).toEqual(['MSH|1\rPID|a'])
    expect(cut('MSH|1', 'PID|a', '', 'MSH|2')).toEqual(['MSH|1\rPID|a', 'MSH|2'])
    expect(cut('FHS|^~\\&', 'BHS|^~\\&', 'MSH|1', 'MSH|2', 'BTS|2', 'BHS|^~\\&', 'MSH|3', 'BTS|1', 'FTS|2')).toEqual([
      'MSH|1',
      'MSH|2',
      'MSH|3',
    ])
  })

  test('a batch that was cut short is named', () => {
    expect(cut('BHS|^~\\&', 'MSH|1', 'BTS|3')).toEqual(['MSH|1', 'BTS[1]-1 batch-count'])
    expect(cut('FHS|^~\\&', 'BHS|^~\\&', 'MSH|1', 'BTS|', 'FTS|2')).toEqual(['MSH|1', 'FTS[1]-1 batch-count'])
  })

  test('lines that belong to no message are named', () => {
    expect(cut('BHS|^~\\&', 'PID|1', 'PV1|1', 'MSH|2', 'BTS|1', 'PID|2')).toEqual([
      'BHS[1] malformed-hl7',
      'MSH|2',
      'BTS[1] malformed-hl7',
    ])
  })

  test('has a name when its header has a control id', () => {
    const id = (text: string) => batchHeader(Buffer.from(text))?.text(11)
    expect([
      id('BHS|^~\\&|A|B|||||||B7\rMSH|'),
      id('FHS|^~\\&|A|B|||||||F7'),
      id('BHS|^~\\&|A'),
      id('MSH|^~\\&'),
    ]).toEqual(['B7', 'F7', undefined, undefined])
  })
})

describe('times', () => {
  test.each([
    ['202502011011', '2025-02-01T09:11:00.000Z'],
    ['20250701101112', '2025-07-01T08:11:12.000Z'],
    ['20250201101112.1234+0000', '2025-02-01T10:11:12.123Z'],
    ['20250201101112-0330', '2025-02-01T13:41:12.000Z'],
    ['20251026023000', '2025-10-26T00:30:00.000Z'],
    ['19000101000000', '1899-12-31T23:50:39.000Z'],
  ])('%s is %s', (text, expected) => {
    const read = readMoment(text, PARIS)
    expect('time' in read ? new Date(read.time).toISOString() : read.fault).toBe(expected)
  })

  test.each([
    ['20250330023000', 'timestamp'],
    ['20250230101112', 'timestamp'],
    ['2025-02-01', 'timestamp'],
    ['', 'timestamp'],
  ])('%s is no time: %s', (text, fault) => {
    expect(readMoment(text, PARIS)).toEqual({ fault })
  })

  test.each([
    ['2025', '2025-01-01T00:00:00.000Z', 'year'],
    ['202502', '2025-02-01T00:00:00.000Z', 'month'],
    ['20250201', '2025-02-01T00:00:00.000Z', 'day'],
    ['20250201+0100', '2025-02-01T00:00:00.000Z', 'day'],
    ['2025020110', '2025-02-01T09:00:00.000Z', 'hour'],
    ['202502011011', '2025-02-01T09:11:00.000Z', 'minute'],
    ['20250201101112', '2025-02-01T09:11:12.000Z', null],
  ])('%s is its first instant, and as precise as it was written', (text, at, precision) => {
    expect(readMoment(text, PARIS)).toEqual({ time: Date.parse(at), precision })
  })

  test('days are as they were written', () => {
    expect([readDay('20250201'), readDay('202502012359-0500')]).toEqual([
      { day: '2025-02-01', precision: null },
      { day: '2025-02-01', precision: null },
    ])
    expect([readDay('1979'), readDay('197903'), readDay('19790231'), readDay('x')]).toEqual([
      { day: '1979-01-01', precision: 'year' },
      { day: '1979-03-01', precision: 'month' },
      { fault: 'date' },
      { fault: 'date' },
    ])
  })
})

test('a place is read as it is written', () => {
  for (const text of ['OBX[2]-5-1', 'PID[1]-3', 'PV1[1]'])
    expect(formatLocation(parseLocation(text) ?? { segment: '', occurrence: 0, field: 0 })).toBe(text)
  expect(parseLocation('/patient_ipp')).toBeUndefined()
})

describe('a CDA', () => {
  const cda = (body: string) =>
    `<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><title>Header</title><recordTarget><name>DUPONT</name></recordTarget><component>${body}</component></ClinicalDocument>`

  test('gives the titles and narrative of its body, and nothing of its header', () => {
    const body =
      '<structuredBody><component><section><title>Conclusion</title><code code="x"/><text><paragraph>H&#233;mo &amp; <content>fer &lt; 5</content></paragraph><table><tr><td>Hb</td><td>13</td></tr></table></text></section></component></structuredBody>'
    expect(cdaText(cda(body))).toBe('Conclusion\nHémo & fer < 5\nHb 13')
  })

  test.each([
    ['a body that is a PDF', cda('<nonXMLBody><text mediaType="application/pdf">JVBERi0=</text></nonXMLBody>')],
    ['a document type', `<!DOCTYPE x [<!ENTITY a "b">]>${cda('')}`],
    ['another document', '<html><body>x</body></html>'],
    ['tags that do not match', '<ClinicalDocument><a></b></ClinicalDocument>'],
    ['one that is cut short', '<ClinicalDocument><structuredBody><text>x'],
    ['a tag without its end', '<ClinicalDocument a="'],
  ])('%s has no text', (_name, xml) => {
    expect(cdaText(xml)).toBeUndefined()
  })
})

test('hostile texts take time in proportion to their length: each of a million characters is read', () => {
  const million = 1_000_000
  for (const piece of ['\\', '\\E', '\\Z\\', '<', '<a ', '&#', '\n ']) {
    const text = piece.repeat(million / piece.length)
    expect(unescape(text, USUAL, () => undefined).length).toBeGreaterThan(0)
    expect(cdaText(text)).toBeUndefined()
  }
})

/**
 * The text of a CDA R2 document: titles and narrative of its structured body (hl7.org/cda, 4.3). The header, which names patient and
 * professionals, is left out: its contents are in the message. One pass, no entities but the five of XML, and no document type.
 */
const BLOCKS = new Set(['paragraph', 'tr', 'br', 'item', 'title', 'text', 'caption', 'list', 'table', 'thead', 'tbody'])
const CELLS = new Set(['td', 'th'])
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const MAX_DEPTH = 256

/** @returns undefined for what is no CDA that can be read, and for one without a narrative (its body is a PDF, for instance) */
export function cdaText(xml: string): string | undefined {
  const open: string[] = []
  let text = ''
  const collects = () => open.includes('structuredBody') && (open.includes('text') || open.at(-1) === 'title')
  for (let at = xml.indexOf('<'); at !== -1; ) {
    if (xml.startsWith('<!--', at) || xml.startsWith('<?', at) || xml.startsWith('<![CDATA[', at)) {
      const [skip, mark] = xml[at + 1] === '?' ? [2, '?>'] : xml[at + 2] === '-' ? [4, '-->'] : [9, ']]>']
      const end = xml.indexOf(mark, at + skip)
      if (end === -1) return undefined
      if (mark === ']]>' && collects()) text += xml.slice(at + skip, end)
      at = end + mark.length
    } else {
      if (xml[at + 1] === '!') return undefined
      const end = tagEnd(xml, at)
      if (end === -1) return undefined
      const name = /^\/?(?:[\w.-]+:)?([\w.-]+)/.exec(xml.slice(at + 1, Math.min(end, at + 200)))?.[1]
      if (name === undefined) return undefined
      if (collects()) text += BLOCKS.has(name) ? '\n' : CELLS.has(name) ? ' ' : ''
      if (xml[at + 1] === '/') {
        if (open.pop() !== name) return undefined
      } else if (xml[end - 1] !== '/') {
        open.push(name)
        if (open.length > MAX_DEPTH || (open.length === 1 && name !== 'ClinicalDocument')) return undefined
      }
      at = end + 1
    }
    const next = xml.indexOf('<', at)
    if (collects()) text += decodeEntities(xml.slice(at, next === -1 ? undefined : next))
    at = next
  }
  if (open.length > 0) return undefined
  const narrative = text
    .replaceAll(/[ \t\r]+/g, ' ')
    .replaceAll(/ ?\n[ \n]*/g, '\n')
    .trim()
  return narrative === '' ? undefined : narrative
}

/** @returns where the tag ends; a `>` in a quoted value does not end it */
function tagEnd(xml: string, from: number): number {
  for (let at = from + 1; at < xml.length; at++) {
    const character = xml[at]
    if (character === '>') return at
    if (character === '"' || character === "'") {
      at = xml.indexOf(character, at + 1)
      if (at === -1) return -1
    }
  }
  return -1
}

function decodeEntities(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9A-Fa-f]{1,6})|#(\d{1,7})|(\w{1,8}));/g,
    (whole, hex, decimal, name: string | undefined) => {
      if (name !== undefined) return ENTITIES[name] ?? whole
      const code = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16)
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )
}

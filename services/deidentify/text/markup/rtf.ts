/** The text of an RTF document (Rich Text Format 1.9.1): plain text, `\'hh`, `\uN` and the words for characters and ends of lines. */
import { Buffer } from 'node:buffer'
import { tidy } from './html.ts'

/** Groups that hold no text of the document: tables of fonts and styles, properties, pictures, instructions of fields. */
const NOT_TEXT = new Set(
  'fonttbl colortbl stylesheet info pict object objdata themedata colorschememapping datastore generator listtable listoverridetable revtbl rsidtbl xmlnstbl filetbl latentstyles fldinst bkmkstart bkmkend pgptbl mmathPr userprops passwordhash wgrffmtfilter datafield template operator comment keywords nonshppict atrfstart atrfend'.split(
    ' ',
  ),
)
const CHARACTERS: Readonly<Record<string, string>> = {
  par: '\n',
  line: '\n',
  sect: '\n',
  page: '\n',
  row: '\n',
  nestrow: '\n',
  cell: '\t',
  nestcell: '\t',
  tab: '\t',
  emdash: '—',
  endash: '–',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  bullet: '•',
  emspace: ' ',
  enspace: ' ',
  qmspace: ' ',
}
const SYMBOLS: Readonly<Record<string, string>> = {
  '~': ' ',
  _: '-',
  '-': '',
  '\n': '\n',
  '\r': '\n',
  '{': '{',
  '}': '}',
  '\\': '\\',
}
/** Code pages of `\ansicpg` that have another name in the Encoding standard; the others are `windows-<number>`. */
const ENCODINGS: Readonly<Record<number, string>> = {
  866: 'ibm866',
  874: 'windows-874',
  932: 'shift_jis',
  936: 'gbk',
  949: 'euc-kr',
  950: 'big5',
  10000: 'macintosh',
  65001: 'utf-8',
}
const WINDOWS_1252 = 'windows-1252'
/** A word of a command and its number; `\*` and symbols are read by their character. */
const COMMAND = /([A-Za-z]{1,32})(-?\d{1,10})? ?/y
const ORDINARY = /[^\\{}\r\n]{1,8192}/y
/** Deeper groups than any program writes. */
const MAX_DEPTH = 4_096

interface Group {
  readonly skipped: boolean
  /** Characters that stand in for one of `\u` in programs that do not know it. */
  readonly standIns: number
}

/** @returns the text; undefined for what is no RTF, or is nested deeper than any program writes. One pass: time and memory are linear */
export function rtfText(rtf: string): string | undefined {
  let at = rtf.search(/\S/)
  if (at < 0 || !rtf.startsWith('{\\rtf', at)) return undefined
  const parts: string[] = []
  let bytes: number[] = []
  let decoder = new TextDecoder(WINDOWS_1252)
  const groups: Group[] = []
  let group: Group = { skipped: false, standIns: 1 }
  /** Characters still to be left out after a `\u`. */
  let toSkip = 0

  while (at < rtf.length) {
    const character = rtf[at] as string
    if (character === '{') {
      if (groups.length === MAX_DEPTH) return undefined
      groups.push(group)
      toSkip = 0
      at++
    } else if (character === '}') {
      group = groups.pop() ?? group
      toSkip = 0
      at++
      if (groups.length === 0) break
    } else if (character === '\\') at = command(at + 1)
    else if (character === '\r' || character === '\n') at++
    else {
      ORDINARY.lastIndex = at
      const run = ORDINARY.exec(rtf)?.[0] ?? character
      const skipped = Math.min(toSkip, run.length)
      toSkip -= skipped
      add(run.slice(skipped))
      at += run.length
    }
  }
  flush()
  return tidy(parts.join(''))

  /** @param from after the backslash @returns where reading goes on */
  function command(from: number): number {
    const symbol = rtf[from]
    if (symbol === undefined) return from
    if (symbol === "'") {
      const code = Number.parseInt(rtf.slice(from + 1, from + 3), 16)
      if (toSkip > 0) toSkip--
      else if (!group.skipped && !Number.isNaN(code)) bytes.push(code)
      return from + 3
    }
    if (symbol === '*') {
      group = { ...group, skipped: true }
      return from + 1
    }
    COMMAND.lastIndex = from
    const found = COMMAND.exec(rtf)
    if (!found) {
      if (toSkip > 0) toSkip--
      else add(SYMBOLS[symbol] ?? '')
      return from + 1
    }
    const [whole, word = '', digits] = found
    const number = digits === undefined ? undefined : Number(digits)
    // The bytes of a picture may be anything, braces too.
    if (word === 'bin') return from + whole.length + Math.max(0, number ?? 0)
    run(word, number)
    return from + whole.length
  }

  function run(word: string, number: number | undefined): void {
    if (word === 'u' && number !== undefined) {
      add(String.fromCharCode(number & 0xffff))
      toSkip = group.standIns
    } else if (toSkip > 0) toSkip--
    else if (word === 'uc') group = { ...group, standIns: Math.min(Math.max(0, number ?? 1), 16) }
    else if (word === 'ansicpg' && number !== undefined) decoder = decoderOf(number)
    else if (word === 'mac') decoder = decoderOf(10000)
    else if (NOT_TEXT.has(word)) group = { ...group, skipped: true }
    else add(CHARACTERS[word] ?? '')
  }

  function add(text: string): void {
    if (group.skipped || text === '') return
    flush()
    parts.push(text)
  }

  /** Bytes in a row are decoded together: a character may have two. */
  function flush(): void {
    if (bytes.length === 0) return
    parts.push(decoder.decode(Buffer.from(bytes)))
    bytes = []
  }
}

function decoderOf(codePage: number): TextDecoder {
  try {
    return new TextDecoder(ENCODINGS[codePage] ?? `windows-${codePage}`)
  } catch {
    return new TextDecoder(WINDOWS_1252)
  }
}

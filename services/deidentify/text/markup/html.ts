/** The text of an HTML document or of a text with HTML in it: the characters that a reader sees, and a line for each block. */
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2'

/** What no reader sees. Attributes, comments and declarations are left out, too. */
const HIDDEN = new Set(
  'head script style template noscript iframe object embed svg math canvas audio video map select datalist'.split(' '),
)
/** Each has lines of its own; other elements are part of a word or a line. */
const BLOCKS = new Set(
  'address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol option p pre section summary table tbody textarea tfoot thead title tr ul'.split(
    ' ',
  ),
)
const CELLS = new Set(['td', 'th'])
/** Start of a whole document, whose own line ends mean nothing; in a text with a few tags they are lines. */
const IS_DOCUMENT = /^\s{0,1000}<(?:!doctype|\?xml|html|head|body|meta|div|p|table|section|article|span)[\s/>]/i

/**
 * Names and numbers that tags cut are whole again (`DU<b>PONT</b>`), and characters that are written as codes are themselves. Elements need not be
 * closed or nested rightly. Only the tokenizer of htmlparser2 is used, which has no stack: time is linear in the length, whatever is sent.
 */
export function htmlText(html: string): string {
  const isDocument = IS_DOCUMENT.test(html)
  const parts: string[] = []
  /** Name of the hidden element that is open, and how many of that name: only its own end closes it. */
  let hidden = ''
  let depth = 0
  let name = ''
  let preformatted = 0
  const add = (part: string) => {
    if (depth === 0) parts.push(part)
  }
  const callbacks: TokenizerCallbacks = {
    ontext: (start, end) => add(lines(html.slice(start, end))),
    ontextentity: (code) => add(code === NO_BREAK_SPACE ? ' ' : String.fromCodePoint(code)),
    oncdata: (start, end, offset) => add(lines(html.slice(start, end - offset))),
    onopentagname(start, end) {
      name = html.slice(start, end).toLowerCase()
      breakAt(name, true)
      if (name === 'pre') preformatted++
    },
    onopentagend() {
      if (depth > 0 ? name === hidden : HIDDEN.has(name) && !EMPTY.has(name)) open()
    },
    onselfclosingtag: () => undefined,
    onclosetag(start, end) {
      const closed = html.slice(start, end).toLowerCase()
      if (depth > 0 && closed === hidden) depth--
      if (closed === 'pre' && preformatted > 0) preformatted--
      breakAt(closed, false)
    },
    onattribdata: () => undefined,
    onattribentity: () => undefined,
    onattribend: () => undefined,
    onattribname: () => undefined,
    oncomment: () => undefined,
    ondeclaration: () => undefined,
    onprocessinginstruction: () => undefined,
    onend: () => undefined,
  }
  const tokenizer = new Tokenizer({ xmlMode: false, decodeEntities: true }, callbacks)
  tokenizer.write(html)
  tokenizer.end()
  return tidy(parts.join(''))

  function open(): void {
    hidden = name
    depth++
  }

  function breakAt(element: string, starts: boolean): void {
    if (BLOCKS.has(element)) add('\n')
    else if (CELLS.has(element) && starts) add('\t')
    // The body begins where a head that was never closed ends.
    if (element === 'body' && hidden === 'head') depth = 0
  }

  function lines(text: string): string {
    return isDocument && preformatted === 0 ? text.replace(/[\n\r\f]+/g, ' ') : text
  }
}

const NO_BREAK_SPACE = 0xa0
/** Hidden elements without an end. */
const EMPTY = new Set(['embed'])

/** @returns the text without spaces at the ends of lines, and with at most one empty line in a row */
export function tidy(text: string): string {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.replace(/[ \u00a0]+/g, ' ').trim())
  return lines
    .filter((line, i) => line !== '' || (i > 0 && lines[i - 1] !== ''))
    .join('\n')
    .trim()
}

/** Plain text out of HTML, RTF and CDA. */
import { describe, expect, test } from 'vitest'
import { htmlText } from '../../../../services/deidentify/text/markup/html.ts'
import { rtfText } from '../../../../services/deidentify/text/markup/rtf.ts'
import { readText } from '../../../../services/deidentify/text/readable.ts'

describe('HTML', () => {
  test('what a reader sees: no head, script, style, comment or attribute; words are whole; blocks are lines, cells are apart', () => {
    const html = `<!DOCTYPE html><html><head><title>DURAND</title><style>p{color:red}</style></head><body>
      <script>var name = "DURAND"</script><!-- DURAND --><h1>Compte&nbsp;rendu</h1><p title="DURAND">Mme DU<b>PO</b>NT
      Ren&eacute;e</p><table><tr><td>Hb</td><td>12,5</td></tr><tr><td>CRP</td><td>&lt; 5</td></tr></table>fin<br>&#x2019;&amp;</body></html>`
    expect(htmlText(html)).toBe('Compte rendu\n\nMme DUPONT Renée\n\nHb\t12,5\n\nCRP\t< 5\n\nfin\n’&')
  })

  test('elements that are not closed, or wrongly nested', () => {
    expect(htmlText('<p>a<p>b<i>c</p>d')).toBe('a\nbc\nd')
    expect(htmlText('<html><head><meta charset="utf-8"><body>seen')).toBe('seen')
  })

  test('a text with a few tags keeps its lines', () => {
    expect(htmlText('ligne 1\nligne <b>2</b>\nLef&egrave;vre')).toBe('ligne 1\nligne 2\nLefèvre')
  })
})

describe('RTF', () => {
  const document = (body: string) =>
    `{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Arial;}}{\\*\\generator DURAND;}{\\info{\\author DURAND}}\\pard ${body}}`

  test.each([
    ["M. Lef\\'e8vre\\par n\\'e9 le 2", 'M. Lefèvre\nné le 2'],
    ['Lef\\u232?vre {\\uc2 \\u8217 xx}x {\\uc0\\u233}\\u-10179?\\u-8704?', 'Lefèvre ’x é😀'],
    ['DU{\\b PO}NT\\tab a\\cell b\\row c', 'DUPONT\ta\tb\nc'],
    ['a\\~b\\_c\\-d \\{x\\} \\\\ \\lquote y\\rquote  z', 'a b-cd {x} \\ ‘y’ z'],
    ['a{\\pict\\wmetafile8 010009}{\\field{\\*\\fldinst HYPERLINK "DURAND"}{\\fldrslt b}}', 'ab'],
    ['a{\\pict\\bin3 }}}}b', 'ab'],
    ['a\r\nb\\line\r\nc', 'ab\nc'],
  ])('%s', (body, text) => expect(rtfText(document(body))).toBe(text))

  test('other code pages, of one and of two bytes', () => {
    expect(rtfText("{\\rtf1\\ansi\\ansicpg1250 Wojciech \\'a3uk}")).toBe('Wojciech Łuk')
    expect(rtfText("{\\rtf1\\ansi\\ansicpg932 \\'8e\\'52}")).toBe('山')
  })

  test('no RTF, and groups deeper than any program writes', () => {
    expect(rtfText('plain')).toBeUndefined()
    expect(rtfText(`{\\rtf1 ${'{'.repeat(10_000)}`)).toBeUndefined()
    expect(rtfText('{\\rtf1 cut')).toBe('cut')
  })
})

describe('the format of a text', () => {
  const cda = (body: string) =>
    `<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><given>Jean</given></recordTarget>${body}</ClinicalDocument>`

  test('a CDA has the narrative of its body, not its header', () => {
    const body =
      '<component><structuredBody><component><section><title>Motif</title><text><paragraph>Toux</paragraph></text></section></component></structuredBody></component>'
    expect(readText(cda(body))).toEqual({ ok: true, text: 'Motif\nToux' })
  })

  test.each([
    ['another XML', '<?xml version="1.0"?><a>b</a>'],
    ['a CDA without a narrative', cda('<component><nonXMLBody><text>JVBE</text></nonXMLBody></component>')],
    ['no text', '<html><img src="a.png"></html>'],
    ['marks that are written as codes', '<p>&lt;b&gt;DU&lt;/b&gt;PONT</p>'],
    ['an RTF after another text', "texte\n{\\rtf1 Lef\\'e8vre}"],
  ])('%s cannot be read', (_, text) => expect(readText(text)).toEqual({ ok: false, reason: 'markup' }))

  test('an image within the document does not make it binary', () => {
    expect(readText(`<p>vu<img src="data:image/png;base64,${'A'.repeat(4_000)}"></p>`)).toEqual({
      ok: true,
      text: 'vu',
    })
    expect(readText(`{\\rtf1 vu{\\pict ${'0a'.repeat(4_000)}}}`)).toEqual({ ok: true, text: 'vu' })
  })

  test('characters of control that are written as codes', () => {
    expect(readText('<p>a&#2;b</p>')).toEqual({ ok: false, reason: 'binary' })
  })
})

/** Each repeats a part that costs more than its length when a reader keeps a stack or looks ahead. */
describe('hostile documents of a megabyte are read', () => {
  test.each([
    ['open elements', '<b>'.repeat(350_000)],
    ['ends of elements that are not open', '<p></x>'.repeat(150_000)],
    ['tags that do not end', '<p '.repeat(350_000)],
    ['codes that do not end', `<p>${'&amp'.repeat(260_000)}`],
    ['hidden elements', '<object>'.repeat(130_000)],
    ['comments that do not end', `<p>${'<!--'.repeat(260_000)}`],
    ['groups of RTF', `{\\rtf1 ${'{}'.repeat(500_000)}}`],
    ['commands of RTF', `{\\rtf1 ${'\\u1 '.repeat(250_000)}}`],
    ['lengths of binary data', `{\\rtf1 ${'\\bin9999999999 '.repeat(70_000)}}`],
    ['spaces', `<p>${' '.repeat(1_000_000)}`],
  ])('%s', (_, text) => {
    const read = readText(text)
    expect(read.ok ? read.text.length : 0).toBeLessThanOrEqual(text.length)
  })
})

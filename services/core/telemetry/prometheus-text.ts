/**
 * Reads the Prometheus text format (https://prometheus.io/docs/instrumenting/exposition_formats/): one sample per line,
 * `name{label="value",...} number [timestamp]`. A line of another form is ignored: one bad line hides no other figure.
 */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"\s*,?/y

/** @param wanted names to read; without it, all */
export function parsePrometheusText(text: string, wanted?: ReadonlySet<string>): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const sample = parseLine(line.trim(), wanted)
    return sample ? [sample] : []
  })
}

function parseLine(line: string, wanted?: ReadonlySet<string>): Sample | undefined {
  const name = NAME.exec(line)?.[0]
  if (name === undefined || (wanted && !wanted.has(name))) return undefined
  const labels: Record<string, string> = {}
  let at = name.length
  if (line[at] === '{') {
    LABEL.lastIndex = at + 1
    for (let match = LABEL.exec(line); match; match = LABEL.exec(line)) {
      labels[match[1] ?? ''] = unescape(match[2] ?? '')
      at = LABEL.lastIndex
    }
    const end = line.indexOf('}', at === name.length ? at + 1 : at)
    if (end < 0) return undefined
    at = end + 1
  }
  const value = numberOf(line.slice(at).trim().split(/\s+/)[0] ?? '')
  return value === undefined ? undefined : { name, labels, value }
}

function numberOf(text: string): number | undefined {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  if (text === '') return undefined
  const value = Number(text)
  return Number.isNaN(value) ? undefined : value
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}

/** Runs a scrubber as a process of its own on a file, and measures the processor time that it takes for a document. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mark, Sample } from './score.ts'

const ROOT = join(import.meta.dirname, '../..')
const PEER = join(ROOT, 'loadtest/peers/presidio')

export interface Engine {
  readonly name: string
  /** @returns the command for a file of JSON lines that prints spans */
  command(language: string, file: string): readonly string[]
}

/** The production code, with all layers or only some. */
export const chainon = (layers?: string): Engine => ({
  name: layers === undefined ? 'chainon' : `chainon, ${layers} only`,
  command: (language, file) => [
    process.execPath,
    join(ROOT, 'services/deidentify/text/main.ts'),
    'text',
    '--lang',
    language,
    ...(layers ? ['--layers', layers] : []),
    file,
  ],
})

/** @param folder where its packages are, or are installed @returns the engine, or why it cannot run */
export function presidio(folder: string): Engine | string {
  const python = join(folder, 'bin/python')
  try {
    if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', folder], { stdio: 'ignore' })
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '-r', join(PEER, 'requirements.txt')], { stdio: 'ignore' })
  } catch {
    return 'its packages could not be installed (python3, PyPI)'
  }
  return { name: 'presidio 2.2.366', command: (language, file) => [python, join(PEER, 'run.py'), language, file] }
}

/** @param withKnown gives the engine the traits of each sample, too */
export function run(
  engine: Engine,
  language: string,
  samples: readonly Sample[],
  file: string,
  withKnown: boolean,
): ReadonlyMap<string, readonly Mark[]> {
  writeFileSync(
    file,
    samples
      .map(({ id, text, known }) => `${JSON.stringify({ id, text, ...(withKnown && known ? { known } : {}) })}\n`)
      .join(''),
  )
  const found = new Map<string, readonly Mark[]>()
  for (const line of output(engine.command(language, file)).stdout.split('\n')) {
    if (line === '') continue
    const { id, spans } = JSON.parse(line) as { id: string; spans: readonly Mark[] }
    found.set(id, spans)
  }
  return found
}

/** @returns seconds of processor time, start included, for a file of JSON lines */
const secondsFor = (engine: Engine, language: string, file: string): number =>
  output(engine.command(language, file)).seconds

/**
 * @param texts copied until there are `few` and `many` documents; the difference of both runs leaves the start out
 * @returns documents per second of processor time, all threads together
 */
export function documentsPerSecond(
  engine: Engine,
  language: string,
  texts: readonly Sample[],
  file: string,
  few: number,
  many: number,
): number {
  const secondsOf = (count: number) => {
    writeFileSync(
      file,
      Array.from(
        { length: count },
        (_, i) => `${JSON.stringify({ id: String(i), text: (texts[i % texts.length] as Sample).text })}\n`,
      ).join(''),
    )
    return secondsFor(engine, language, file)
  }
  const [short, long] = [secondsOf(few), secondsOf(many)]
  return (many - few) / Math.max(1e-6, long - short)
}

/** The shell tells the processor time of what it ran. */
function output(command: readonly string[]): { stdout: string; seconds: number } {
  const times = `${command.at(-1)}.times`
  const stdout = execFileSync('bash', ['-c', `"$@" 2>/dev/null; times > "$0"`, times, ...command], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  })
  const children = readFileSync(times, 'utf8').trim().split('\n')[1] ?? ''
  const seconds = [...children.matchAll(/(\d+)m([\d.,]+)s/g)].reduce(
    (sum, [, minutes, rest = '0']) => sum + Number(minutes) * 60 + Number(rest.replace(',', '.')),
    0,
  )
  return { stdout, seconds }
}

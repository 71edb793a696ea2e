/** `chainon deid text`: the production scrubber of texts, over a file of JSON lines. Reads the command line. */
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { readDocument } from './documents.ts'
import { loadResources } from './resources.ts'
import { type Kind, LANGUAGES, LAYERS, type Language, type Layer } from './types.ts'

const EXIT_FINDING = 1
const EXIT_USAGE = 2

interface Flags {
  readonly lang: Language
  readonly replace?: true
  readonly surrogates?: true
  readonly uncertainty?: true
  readonly layers?: ReadonlySet<Layer>
}

const program = new Command('chainon deid').exitOverride().showHelpAfterError()
program
  .command('text')
  .description(
    'Finds what identifies a person in clinical notes. Input: JSON lines {"id", "text", "known"?, "patient"?}, where known are traits of that patient. Output: {"id", "spans": [{"start", "end", "kind"}]} a line, offsets in Unicode code points.',
  )
  .argument('<file>', 'JSON lines; - for standard input')
  .addOption(new Option('--lang <language>', 'language of the texts').choices(LANGUAGES).makeOptionMandatory())
  .option('--replace', 'print {"id", "text"} with tags in place of the spans')
  .option(
    '--surrogates',
    'with --replace: other names, towns and numbers in place of tags, the same for one patient ("patient", else "id") in this run; the key is forgotten',
  )
  .option('--uncertainty', 'add "uncertainty": doubtful words that were let stand, of a hundred')
  .option('--layers <names>', `only these layers, for a measurement: ${LAYERS.join(',')}`, layersOf)
  .action(run)

try {
  await program.parseAsync(process.argv)
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE
}

async function run(file: string, { lang, replace, surrogates, uncertainty, layers }: Flags): Promise<void> {
  if (surrogates && !replace) {
    process.stderr.write('--surrogates needs --replace\n')
    process.exitCode = EXIT_USAGE
    return
  }
  const secret = randomBytes(32)
  const resources = loadResources(lang)
  const options = {
    language: lang,
    replace: replace === true,
    ...(surrogates ? { surrogateKey: (patient: string) => createHmac('sha256', secret).update(patient).digest() } : {}),
    withUncertainty: uncertainty === true,
    ...(layers ? { layers } : {}),
  }
  const totals = new Map<Kind, number>()
  const unread = new Set<string>()
  let number = 0
  let bad = 0
  const input = file === '-' ? process.stdin : createReadStream(file)
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      if (line.trim() === '') continue
      const result = readDocument(line, resources, options)
      if (!result.ok) {
        bad++
        process.stderr.write(`line ${number} ${result.problem}\n`)
        continue
      }
      for (const name of result.unread) unread.add(name)
      for (const [kind, count] of result.counts) totals.set(kind, (totals.get(kind) ?? 0) + count)
      if (!process.stdout.write(`${result.output}\n`)) await once(process.stdout, 'drain')
    }
  } catch (error) {
    const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
    if (code === undefined) throw error
    process.stderr.write(`the file cannot be read (${code})\n`)
    process.exitCode = EXIT_USAGE
    return
  }
  const counts = [...totals].sort(([a], [b]) => a.localeCompare(b)).map(([kind, count]) => `${kind} ${count}`)
  const read = number - bad
  process.stderr.write(
    `${read} ${read === 1 ? 'document' : 'documents'}${counts.length ? `: ${counts.join(', ')}` : ''}\n`,
  )
  // A misspelt `known` would leave the traits of the patient unused.
  if (unread.size > 0)
    process.stderr.write(`not read: ${[...unread].sort().join(', ')} (beside id, text, known and patient)\n`)
  if (bad > 0) {
    process.stderr.write(`${bad} line(s) were not read\n`)
    process.exitCode = EXIT_FINDING
  }
}

function layersOf(names: string): ReadonlySet<Layer> {
  const chosen = names.split(',')
  const unknown = chosen.find((name) => !LAYERS.some((layer) => layer === name))
  if (unknown !== undefined) throw new InvalidArgumentError(`the layers are ${LAYERS.join(', ')}`)
  return new Set(chosen as Layer[])
}

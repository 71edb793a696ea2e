/**
 * `npm run licences` prints the licences of all that is fetched and ends with 1 when one is unknown or not allowed;
 * `npm run sbom [-- FILE]` writes the CycloneDX SBOM, by default to standard output.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { table } from '#core/terminal/table.ts'
import { readAllowList, reportLicences } from './licences.ts'
import { fetchedPackages } from './packages.ts'
import { makeSbom } from './sbom.ts'

const ROOT = join(import.meta.dirname, '../..')
const [what, file] = process.argv.slice(2)
const packages = fetchedPackages(ROOT)
const allow = readAllowList()

if (what === 'licences') {
  const { counts, problems } = reportLicences(packages, allow)
  const rows = [...counts].sort(([, a], [, b]) => b - a).map(([licence, count]) => [String(count), licence])
  process.stdout.write(`${table(['packages', 'licence'], rows)}\n`)
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  if (problems.length > 0) process.exitCode = 1
} else if (what === 'sbom') {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const text = `${JSON.stringify(makeSbom(version, packages, allow), null, 2)}\n`
  if (file) writeFileSync(file, text)
  else process.stdout.write(text)
} else {
  process.stderr.write('usage: node deploy/supply/main.ts licences | sbom [FILE]\n')
  process.exitCode = 64
}

/** The project's pages: links lead somewhere, scripts that they name exist, and decisions have their form. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const ADR = join(ROOT, 'docs', 'adr')
const FOLDERS = ['docs', 'services', 'deploy', 'loadtest', 'schemas', 'test']
const HEADINGS = ['Context', 'Decision', 'Consequences', 'How it is tested']

const ofFolder = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(ROOT, folder, file))
const inRoot = readdirSync(ROOT).map((file) => join(ROOT, file))
const pages = [...inRoot, ...FOLDERS.flatMap(ofFolder)].filter((file) => file.endsWith('.md'))

/** @returns the page without its blocks of code, in which brackets are no links */
const proseOf = (page: string): string => readFileSync(page, 'utf8').replaceAll(/```.*?```/gs, '')

it('has the pages that people look for first', () => {
  for (const name of ['README.md', 'LICENSE', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'])
    expect(existsSync(join(ROOT, name)), name).toBe(true)
  expect(pages.length).toBeGreaterThan(15)
})

it('has no link that leads nowhere', () => {
  const broken = pages.flatMap((page) =>
    [...proseOf(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !existsSync(join(dirname(page), target)))
      .map((target) => `${relative(ROOT, page)}: ${target}`),
  )
  expect(broken).toEqual([])
})

it('names no npm script that does not exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
  const unknown = pages.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/npm run ([a-z0-9:]+)/g)]
      .map(([, script = '']) => script)
      .filter((script) => !Object.hasOwn(scripts, script))
      .map((script) => `${relative(ROOT, page)}: ${script}`),
  )
  expect(unknown).toEqual([])
})

describe('docs/adr', () => {
  const decisions = readdirSync(ADR).filter((file) => /^\d{4}-/.test(file))
  const index = readFileSync(join(ADR, 'README.md'), 'utf8')

  it('numbers its pages without a gap, and lists each with its title', () => {
    expect(decisions.map((file) => Number(file.slice(0, 4)))).toEqual(decisions.map((_, at) => at + 1))
    for (const [at, file] of decisions.entries()) {
      const title = readFileSync(join(ADR, file), 'utf8')
        .split('\n')[0]
        ?.replace(`# ${at + 1}. `, '')
      expect(index).toContain(`| [${at + 1}](${file}) | ${title} |`)
    }
  })

  it.each(decisions)('%s has the four headings, on one page', (file) => {
    const text = readFileSync(join(ADR, file), 'utf8')
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(HEADINGS)
    expect(text.split('\n').length).toBeLessThan(60)
  })
})

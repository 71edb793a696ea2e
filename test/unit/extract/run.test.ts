import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readArguments } from '../../../services/extract/arguments.ts'
import {
  createBuildFolder,
  lockProject,
  publishFolder,
  recoverFolders,
  runName,
  runsOf,
} from '../../../services/extract/folders.ts'
import { copyLinkageReport } from '../../../services/extract/linkage-report.ts'
import { readManifest } from '../../../services/extract/manifest.ts'
import { roundedCount } from '../../../services/extract/output.ts'
import { verify } from '../../../services/extract/verify.ts'
import { runOf, workspaceOf } from '../../../services/extract/workspace.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-extract-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a run', () => {
  test('the command line is read whole or rejected', () => {
    expect(readArguments(['--dry-run', '--json', '--', 'extract', '-f.yaml'])).toEqual({
      command: 'extract',
      file: '-f.yaml',
      dryRun: true,
      allowSmall: false,
      json: true,
    })
    expect(readArguments(['list'])).toEqual({ command: 'list', json: false })
    for (const line of [
      [],
      ['extract'],
      ['verify', 'a', 'b'],
      ['list', 'x'],
      ['verify', 'a', '--dry-run'],
      ['extract', 'a', '--force'],
      ['drop'],
    ]) {
      expect(readArguments(line)).toBeUndefined()
    }
  })

  test('counts below 11 are one text, others are rounded', () => {
    expect([0, 1, 10].map(roundedCount)).toEqual(['fewer than 11', 'fewer than 11', 'fewer than 11'])
    expect([11, 14, 15, 12_344].map(roundedCount)).toEqual(['about 10', 'about 10', 'about 20', 'about 12,340'])
  })

  test('a running process keeps its lock; the lock of an ended one is replaced', () => {
    const dir = join(folder, 'locked')
    const lock = lockProject(dir)
    expect(statSync(join(dir, 'lock')).mode & 0o777).toBe(0o600)
    expect(() => lockProject(dir)).toThrow(/another extraction of this project runs \(process \d+\)/)
    lock.release()
    // A pid that another process has now is distinguished by its start time.
    for (const stale of [
      { pid: process.pid, identity: 'another' },
      { pid: 999_999_999, identity: 'ended' },
    ]) {
      writeFileSync(join(dir, 'lock'), JSON.stringify({ ...stale, purpose: 'extract' }))
      lockProject(dir).release()
    }
    writeFileSync(join(dir, 'lock'), '')
    lockProject(dir).release()
    expect(existsSync(join(dir, 'lock'))).toBe(false)
  })

  test('recovery keeps finished runs and the run whose database exists, and removes the others', () => {
    const dir = join(folder, 'runs')
    const names = ['00000001', '00000002', '00000003'].map((random) =>
      runName(new Date(Date.UTC(2026, 0, 2, 3, 4, 5)), random),
    )
    const [first = '', second = '', third = ''] = names
    expect(first).toBe('20260102T030405Z-00000001')
    for (const name of names) expect(statSync(createBuildFolder(dir, name)).mode & 0o777).toBe(0o700)
    publishFolder(dir, first)
    mkdirSync(join(dir, 'else'))
    recoverFolders(dir, second)
    expect(runsOf(dir)).toEqual([first, second])
    expect(existsSync(join(dir, `.building-${third}`))).toBe(false)
    expect(readManifest(join(dir, first))).toEqual({ problem: expect.stringContaining('cannot be read') })
  })

  test('a manifest with a path out of its folder is rejected', () => {
    const dir = join(folder, 'manifest')
    mkdirSync(dir)
    const table = {
      name: 'a',
      file: '../a.parquet',
      sha256: '',
      bytes: 1,
      rows: 1,
      persons: 1,
      excluded: { no_event_time: 0, outside_period: 0 },
      whole_history: false,
      columns: [],
      dropped_columns: [],
    }
    const identifiers = [
      'birth_year_month',
      'residence_location',
      'exact_care_dates',
      'exact_death_date',
      'death_location',
    ]
    const manifest = {
      format: 'chainon-project-manifest/1',
      project: { id: 'a', title: '', purpose: '', contact: '', retention_until: '', file: '', file_sha256: '' },
      run: { id: 'r', started_at: '', finished_at: '', chainon_version: '', small_cohort_allowed: false },
      database: 'project_a',
      warehouse: {
        database: 'chainon',
        ledger_at_start: null,
        ledger_at_end: { a: { 0: 1 } },
        moved_during_build: true,
      },
      period: { from: '', to: '' },
      min_cohort: 11,
      cohort: { persons: 1, source_patients: 1 },
      potential_identifiers: Object.fromEntries(identifiers.map((name) => [name, 'keep'])),
      linkage: {
        source_patients: 1,
        persons: 1,
        persons_with_several_sources: 0,
        source_patients_by_method: { none: 1 },
        highest_link_version: 0,
      },
      tables: [table],
    }
    writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest))
    expect(readManifest(dir)).toHaveProperty('problem')
    writeFileSync(
      join(dir, 'manifest.json'),
      JSON.stringify({ ...manifest, tables: [{ ...table, file: 'a.parquet' }] }),
    )
    expect(readManifest(dir)).toHaveProperty('manifest')
    const report = [{ file: '../linkage-report.json', sha256: '' }]
    writeFileSync(join(dir, 'manifest.json'), JSON.stringify({ ...manifest, tables: [], linkage_report: report }))
    expect(readManifest(dir)).toHaveProperty('problem')
  })

  test('the latest report of the installation goes with the files, and a changed one is found', async () => {
    const [data, dir] = [join(folder, 'with-report'), join(folder, 'with-report', 'run')]
    mkdirSync(dir, { recursive: true })
    expect(copyLinkageReport(data, dir)).toEqual([])
    mkdirSync(join(data, 'linkage-reports'))
    for (const [name, text] of [
      ['20260101T000000Z.json', 'old'],
      ['20260102T000000Z.json', 'new'],
      ['20260102T000000Z.html', 'page'],
      ['20260103T000000Z-patient-death.json', 'of two feeds'],
      ['note.json', 'foreign'],
    ] as const)
      writeFileSync(join(data, 'linkage-reports', name), text)
    const copies = copyLinkageReport(data, dir)
    expect(copies.map(({ file }) => file)).toEqual(['linkage-report.json', 'linkage-report.html'])
    expect(readFileSync(join(dir, 'linkage-report.json'), 'utf8')).toBe('new')
    const path = join(folder, 'manifest', 'manifest.json')
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as object
    writeFileSync(join(dir, 'manifest.json'), JSON.stringify({ ...manifest, linkage_report: copies }))
    const problems = async () =>
      Object.fromEntries((await verify(dir)).map(({ file, problems: found }) => [file, found]))
    expect(await problems()).toMatchObject({ 'linkage-report.json': [], 'linkage-report.html': [] })
    writeFileSync(join(dir, 'linkage-report.json'), 'changed')
    expect(await problems()).toMatchObject({ 'linkage-report.json': ['its sha256 differs from the manifest'] })
  })

  test('the databases of a build have names that no other project has', () => {
    expect(workspaceOf('ab', 5)).toEqual({
      project: 'project_ab',
      building: 'project_ab__building_5',
      work: 'project_ab__work_5',
      old: 'project_ab__old_5',
    })
    expect(runOf('chainon run 20260102T030405Z-00000001')).toBe('20260102T030405Z-00000001')
    expect(runOf('')).toBeUndefined()
  })
})

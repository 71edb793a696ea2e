/** The operator's page in a real browser, with real components: before the first record, with records, and after a crash. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureKey } from '#core/keys/admin.ts'
import { type Stack, startStack } from '../../deploy/local/stack.ts'
import { writeEarlierRules } from '../../loadtest/earlier-rules.ts'
import { launchBrowser } from '../helpers/browser.ts'
import { recordOf } from '../helpers/records.ts'
import { type Isolated, isolated } from '../helpers/servers.ts'

/** A value that must not leak: in a valid record, in a record that a rule rejects, in a record that the gateway rejects. */
const CANARY = 'ZZCANARYZZ'
const GOOD = 40
const REJECTED_BY_RULE = 3
const REJECTED_BY_GATEWAY = 2

let own: Isolated
let stack: Stack
let browser: Browser
let page: Page
const foreign: string[] = []
const faults: string[] = []

beforeAll(async () => {
  own = isolated()
  // The gateway has the contracts of before their rules rejected, so that a worker has records to reject.
  const earlier = join(own.folder, 'earlier-rules')
  writeEarlierRules('schemas/feeds', earlier)
  const serviceEnvironment = { gateway: { CHAINON_FEEDS_DIR: earlier } }
  const env = { ...process.env, ...own.env }
  stack = await startStack({ dataDir: own.folder, services: 'all', env, serviceEnvironment })
  browser = await launchBrowser()
  page = await browser.newPage({ viewport: { width: 1920, height: 1080 } })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(stack.url('console')) && !url.startsWith('data:')) foreign.push(url)
  })
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    // The browser reports the broken stream of a killed server; the banner shows that to the operator.
    if (message.type() === 'error' && !message.text().includes('net::ERR_')) faults.push(message.text())
  })
  await page.goto(stack.url('console'))
  await logIn()
})

afterAll(async () => {
  await browser?.close()
  await stack?.stop()
  own?.remove()
})

/** As an operator does: with the password that the console made at its first start. */
async function logIn(): Promise<void> {
  const password = readFileSync(join(own.folder, 'secrets', 'console', 'operator.password'), 'utf8').trim()
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL(`${stack.url('console')}/`)
}

function observation(n: number, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    record_id: `r${n}`,
    record_version: 1,
    patient_ipp: `${CANARY}${n % 7}`,
    code_system: 'loinc',
    code: '718-7',
    effective_at: '2026-01-05T08:00:00Z',
    value_number: 13.5,
    value_unit: 'g/dL',
    ...over,
  }
}

async function push(records: readonly Record<string, unknown>[]): Promise<number> {
  const { key } = ensureKey(own.folder, 'hospital-e2e')
  const response = await fetch(`${stack.url('gateway')}/v1/feeds/observation/records`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
    body: records.map((record) => JSON.stringify(record)).join('\n'),
  })
  await response.arrayBuffer()
  return response.status
}

/** The figure of a card in the balance, by its label. */
function card(label: string): Promise<string | null> {
  return page.locator('#equation .card', { hasText: label }).locator('.value').textContent()
}

const eventually = { interval: 500 }

describe('the page', () => {
  test('is ready before the first record, and shows how to send one', async () => {
    await page.getByRole('heading', { name: 'No record was received yet' }).waitFor()
    await expect.poll(() => page.title(), eventually).toContain('ready')
    expect(await page.locator('#empty').textContent()).toContain('npx chainon push')
    expect(await page.getByRole('banner').count()).toBe(1)
    expect(await page.getByRole('main').count()).toBe(1)
  })

  test('accounts for every record that is sent', async () => {
    const records = [
      ...Array.from({ length: GOOD }, (_, n) => observation(n)),
      ...Array.from({ length: REJECTED_BY_RULE }, (_, n) =>
        observation(1_000 + n, { effective_at: '2098-01-01T00:00:00Z', comment: CANARY }),
      ),
      ...Array.from({ length: REJECTED_BY_GATEWAY }, (_, n) => observation(2_000 + n, { value_number: CANARY })),
    ]
    expect(await push(records)).toBe(202)
    await expect.poll(() => card('Loaded'), eventually).toBe(String(GOOD))
    expect(await card('Accepted')).toBe(String(GOOD + REJECTED_BY_RULE))
    await expect.poll(() => card('Rejected by a rule'), eventually).toBe(String(REJECTED_BY_RULE))
    await expect.poll(() => card('In flight'), eventually).toBe('0')
    expect(await page.locator('#balance-title').textContent()).toContain('Balanced')
    expect(await page.locator('#received').textContent()).toContain(`${REJECTED_BY_GATEWAY} in total`)
    await expect.poll(() => page.locator('#fresh').textContent(), eventually).toMatch(/p95.*\d+ ?m?s/)
  })

  test('names the rule and the field of rejected records', async () => {
    const rule = page.locator('#failures tbody tr', { hasText: 'not-in-future' })
    await rule.waitFor({ timeout: 30_000 })
    expect(await rule.textContent()).toContain('/effective_at')
    expect(await page.locator('#failures tbody tr', { hasText: 'rejected by the gateway' }).count()).toBe(1)
  })

  test('shows no value of any record, on the page and in the API', async () => {
    expect(await page.content()).not.toContain(CANARY)
    for (const path of ['/api/snapshot', '/api/ledger', '/metrics', '/alarms']) {
      const response = await fetch(`${stack.adminUrl('console')}${path}`)
      expect(response.status, path).toBe(200)
      expect(await response.text(), path).not.toContain(CANARY)
    }
  })

  test('shows the partitions of a feed with the keyboard, and their sum is right', async () => {
    await page.getByRole('button', { name: 'observation' }).focus()
    await page.keyboard.press('Enter')
    const accepted = page.locator('#ledger tr.partition td:nth-of-type(2)')
    await expect.poll(() => accepted.count(), eventually).toBeGreaterThan(0)
    const sum = (await accepted.allTextContents()).reduce((all, text) => all + Number(text), 0)
    expect(sum).toBe(GOOD + REJECTED_BY_RULE)
    // The figures are drawn again each second; the focus does not change.
    await page.waitForTimeout(2_500)
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('observation')
  })

  test('shows a definition on focus and closes it with Escape', async () => {
    await page.locator('#balance-title [data-tip]').focus()
    expect(await page.getByRole('tooltip').textContent()).toContain('without a gap')
    await page.keyboard.press('Escape')
    expect(await page.getByRole('tooltip').count()).toBe(0)
  })

  test('shows a component that is down and restarted, and afterwards that no record was lost', async () => {
    stack.kill('curate', 'SIGKILL')
    await expect.poll(() => page.locator('#overall').textContent(), eventually).toContain('Curation')
    expect(await page.title()).toContain('✖')
    expect(await page.locator('#alarms').textContent()).toContain('Curation')
    expect(await push(Array.from({ length: GOOD }, (_, n) => observation(5_000 + n)))).toBe(202)
    await expect.poll(() => card('Loaded'), { interval: 500 }).toBe(String(2 * GOOD))
    await expect.poll(() => page.locator('#balance-title').textContent(), eventually).toContain('Balanced')
    await expect.poll(() => page.locator('#overall').textContent(), eventually).toContain('every component is up')
  })

  test('shows its figures in grey while the console is down, and connects again by itself', async () => {
    stack.kill('console', 'SIGKILL')
    await page.locator('#banner', { hasText: 'was lost' }).waitFor({ timeout: 20_000 })
    expect(await page.locator('body.lost').count()).toBe(1)
    expect(await page.title()).toContain('connection lost')
    await expect.poll(() => page.locator('#live').textContent(), eventually).toContain('live')
    await expect.poll(() => card('Loaded'), eventually).toBe(String(2 * GOOD))
  })

  test('fits a large screen without scrolling, and a phone without horizontal scrolling', async () => {
    const overflow = () =>
      page.evaluate(() => {
        const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement
        return { x: scrollWidth - clientWidth, y: scrollHeight - clientHeight }
      })
    await expect.poll(() => page.locator('#banner').isHidden(), eventually).toBe(true)
    expect(await overflow()).toEqual({ x: 0, y: 0 })
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 844 })
      expect((await overflow()).x, `${width} px`).toBe(0)
    }
  })

  test('reviews links with the keyboard: what a reviewer decides splits a person, and is explained with its history', async () => {
    const { key } = ensureKey(own.folder, 'hospital-e2e')
    const traits = {
      ...{ birth_family_name: CANARY, birth_given_names: 'Marguerite', birth_date: '1957-02-11', sex: 'female' },
      ...{ birth_place_insee: '69382', address_line: '11 avenue Jean Jaures', postcode: '69002', city: 'Lyon' },
    }
    const two = ['1', '2'].map((n) => recordOf('patient', `link-${n}`, `ipp-link-${n}`, traits))
    const pushed = await fetch(`${stack.url('gateway')}/v1/feeds/patient/records`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
      body: two.map((record) => JSON.stringify(record)).join('\n'),
    })
    expect(pushed.status, await pushed.text()).toBe(202)
    await page.getByRole('link', { name: 'Review' }).click()
    await page.getByRole('button', { name: 'Sample of links' }).click()
    const again = page.getByRole('button', { name: 'Make the list again' })
    await expect
      .poll(async () => {
        if (await again.isEnabled()) await again.click()
        return page.locator('.waterfall').count()
      }, eventually)
      .toBe(1)
    expect(await page.locator('.waterfall tbody tr').count()).toBeGreaterThan(5)
    expect(await page.content()).not.toContain(CANARY)
    const record = await page.locator('.records code').first().textContent()
    await page.keyboard.press('n')
    await expect.poll(() => page.locator('#said').textContent()).toBe('Different: is sent.')
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('pair-title')
    await expect.poll(() => page.locator('#left').textContent()).toBe('0')
    const split = async () => {
      await page.goto(`${stack.url('console')}/explain?a=${encodeURIComponent(record ?? '')}`)
      await page.locator('#history-title').waitFor()
      return [await page.locator('#person-title').textContent(), await page.locator('.history').textContent()]
    }
    // The page asks the linker for the person and then curate for the history: the decision may come into force in between.
    await expect
      .poll(split, eventually)
      .toEqual([expect.stringContaining('1 record,'), expect.stringContaining('a decision of reviewers')])
    expect(await page.content()).not.toContain(CANARY)
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    await page.goto(`${stack.url('console')}/`)
  })

  test('is shown to nobody after the log-out, also not by a stream that is open', async () => {
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.waitForURL(`${stack.url('console')}/login`)
    await page.goto(`${stack.url('console')}/`)
    expect(page.url()).toBe(`${stack.url('console')}/login`)
    await page.getByLabel('Password').fill('not the password')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('The user or the password is wrong.').waitFor()
    // The browser reports the status of that answer.
    expect(faults.splice(0).filter((fault) => !fault.includes('401'))).toEqual([])
    await logIn()
    await page.getByRole('button', { name: 'Log out' }).waitFor()
  })

  test('connects only to its own server, and has no error', () => {
    expect(foreign).toEqual([])
    expect(faults).toEqual([])
  })
})

/** A real browser for tests: Chromium from an npm package, so that no system package is needed. */
import chromium from '@sparticuz/chromium'
import playwright, { type Browser } from 'playwright-core'

/** The package's own flags switch web security and process isolation off; a test of a page needs them on. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none']

export async function launchBrowser(): Promise<Browser> {
  return playwright.chromium.launch({ executablePath: await chromium.executablePath(), args: FLAGS, headless: true })
}

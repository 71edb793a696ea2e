/**
 * A browser under the POSIX locale (a kiosk without LANG) reports a language that Intl rejects, and uPlot passes that language to
 * Intl when it is loaded. This file is imported first, so that the charts also work in such a browser.
 */
try {
  new Intl.NumberFormat(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en' })
}

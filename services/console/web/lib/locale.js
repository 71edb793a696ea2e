/**
 * A browser that runs under the POSIX locale (a kiosk without LANG) gives a language that Intl refuses, and uPlot asks Intl
 * for it when it is loaded. Imported first, so that the charts draw there too.
 */
try {
  new Intl.NumberFormat(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en' })
}

/** How old each group of figures is; the groups whose source does not answer are greyed, with the reason. */
import { duration, when } from '../lib/format.js'

export function createAges() {
  const stamps = [...document.querySelectorAll('[data-age]')]
  const groups = [...document.querySelectorAll('[data-group]')]
  return {
    /** @param silentSeconds since this page last heard from the console */
    show({ sources }, silentSeconds) {
      for (const group of groups) group.classList.toggle('stale', isOld(sources[group.dataset.group], silentSeconds))
      for (const stamp of stamps) {
        const source = sources[stamp.dataset.age]
        stamp.classList.toggle('old', isOld(source, silentSeconds))
        const text = ageText(source, silentSeconds)
        if (stamp.textContent !== text) stamp.textContent = text
      }
    },
  }
}

export function isOld({ status }, silentSeconds = 0) {
  return status !== 'live' || silentSeconds > 5
}

function ageText(source, silentSeconds) {
  if (source.age_seconds === null) return source.problem ? `no answer yet: ${source.problem}` : 'no answer yet'
  const age = Math.round(source.age_seconds + silentSeconds)
  if (!isOld(source, silentSeconds)) return age < 1 ? 'now' : `${duration(age)} ago`
  const since = source.failing_since ? `, no answer since ${when(source.failing_since, new Date())}` : ''
  return `${duration(age)} old${since}`
}

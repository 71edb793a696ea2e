/** Invented numbers of persons and things, in the many ways that notes write them. */
import type { Language } from '../types.ts'
import { pick, type Random, type Slot } from './letters.ts'

export const digits = (r: Random, n: number) => Array.from({ length: n }, () => r.below(10)).join('')
export const two = (n: number) => String(n).padStart(2, '0')

export const phone =
  (language: Language): Slot =>
  (r) => {
    if (language === 'en') {
      const [a, b, c] = [String(201 + r.below(790)), String(200 + r.below(800)), digits(r, 4)]
      return pick(r, [
        `${a}-${b}-${c}`,
        `(${a}) ${b}-${c}`,
        `${a}.${b}.${c}`,
        `(${a})${b}-${c}`,
        `${a} ${b} ${c}`,
        `+1 ${a} ${b} ${c}`,
        `1-${a}-${b}-${c}`,
        `${b}-${c}`,
        `${a}${b}${c}`,
        `(${a}) ${b}-${c} x${digits(r, 3)}`,
        `020 7${digits(r, 3)} ${c}`,
        `+44 20 7${digits(r, 3)} ${c}`,
      ])
    }
    const pairs = [`0${1 + r.below(9)}`, ...Array.from({ length: 4 }, () => digits(r, 2))]
    const dice = r.below(24)
    if (dice < 9) return pairs.join(' ')
    if (dice < 13) return pairs.join('.')
    if (dice < 16) return pairs.join('')
    if (dice === 16) return pairs.join('-')
    if (dice === 17) return `+33 ${pairs.join(' ').slice(1)}`
    if (dice === 18) return `+33${pairs.join('').slice(1)}`
    if (dice === 19) return `0033 ${pairs.join(' ').slice(1)}`
    if (dice === 20) return `${pairs[0]} ${digits(r, 4)} ${digits(r, 4)}`
    if (dice === 21) return `(${33 + r.below(3)}) ${pairs.join('.')}`
    if (dice === 22) return pairs.join('/')
    return pairs.join(' ').replace('0', 'O')
  }
export const nir: Slot = (r) => {
  const body = `${1 + r.below(2)}${two(r.below(100))}${two(1 + r.below(12))}${r.below(30) ? two(1 + r.below(95)) : pick(r, ['2A', '2B'])}${digits(r, 6)}`
  const key = two(97 - (Number(body.replace('2A', '19').replace('2B', '18')) % 97))
  const all = body + (r.below(4) ? key : r.below(2) ? digits(r, 2) : '')
  const grouped =
    `${all.slice(0, 1)} ${all.slice(1, 3)} ${all.slice(3, 5)} ${all.slice(5, 7)} ${all.slice(7, 10)} ${all.slice(10, 13)} ${all.slice(13)}`.trim()
  return pick(r, [
    all,
    grouped,
    grouped,
    all.split('').join(' '),
    `${all.slice(0, 13)} ${all.slice(13)}`.trim(),
    grouped.replaceAll(' ', '.'),
  ])
}
export const ipp: Slot = (r) => {
  const dice = r.below(12)
  if (dice === 0) return `${pick(r, ['N', 'P', 'A', 'H', 'IPP', 'C'])}${digits(r, 8)}`
  if (dice === 1) return digits(r, 7)
  if (dice === 2) return `${digits(r, 4)} ${digits(r, 3)} ${digits(r, 3)}`
  return String(1 + r.below(9)) + digits(r, 7 + r.below(4))
}
export const mrn: Slot = (r) => {
  const dice = r.below(12)
  if (dice === 0) return `${pick(r, ['A', 'MR', 'E', 'H', 'M', 'W', 'V'])}${digits(r, 6 + r.below(3))}`
  if (dice < 4) return `${digits(r, 3)}-${digits(r, 2)}-${digits(r, 2)}`
  if (dice === 4) return `${digits(r, 7)}-${digits(r, 1)}`
  if (dice === 5) return `${digits(r, 3)} ${digits(r, 2)} ${digits(r, 2)}`
  return String(1 + r.below(9)) + digits(r, 5 + r.below(5))
}
export const accession: Slot = (r) =>
  pick(r, [
    `${String.fromCharCode(65 + r.below(26))}${digits(r, 2)}-${digits(r, 5)}`,
    digits(r, 8 + r.below(3)),
    `${digits(r, 2)}${String.fromCharCode(65 + r.below(26))}${digits(r, 6)}`,
    `ACC-${digits(r, 8)}`,
    `${digits(r, 4)}-${digits(r, 6)}`,
    `${String.fromCharCode(65 + r.below(26))}${String.fromCharCode(65 + r.below(26))}${digits(r, 7)}`,
  ])

/** @returns the figures with the check digit of Luhn after them */
export const luhn = (body: string) => {
  let sum = 0
  for (let i = 0; i < body.length; i++) {
    const digit = Number(body[body.length - 1 - i]) * (i % 2 === 0 ? 2 : 1)
    sum += digit > 9 ? digit - 9 : digit
  }
  return body + String((10 - (sum % 10)) % 10)
}

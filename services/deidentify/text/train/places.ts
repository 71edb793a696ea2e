/** Invented addresses and hospitals, in the many ways that notes write them. */
import type { Language } from '../types.ts'
import { capital, cased, pick, type Random } from './letters.ts'
import { words } from './words.ts'

type Draw = (r: Random) => string
interface Names {
  readonly firstName: Draw
  readonly lastName: Draw
  readonly city: Draw
  /** Large towns, whose hospital has their name. */
  readonly big: readonly string[]
}

export function places(
  language: Language,
  { firstName, lastName, city, big }: Names,
): { readonly street: Draw; readonly hospital: Draw } {
  const w = words(language)
  const street = (r: Random): string => {
    if (language === 'en') {
      const type = pick(r, [
        'Street',
        'St',
        'St.',
        'Avenue',
        'Ave',
        'Ave.',
        'Road',
        'Rd',
        'Drive',
        'Dr',
        'Lane',
        'Ln',
        'Court',
        'Blvd',
        'Boulevard',
        'Way',
        'Place',
        'Terrace',
        'Parkway',
        'Circle',
        'Highway',
      ])
      const name = pick(r, [
        lastName(r),
        lastName(r),
        pick(r, w.streets),
        pick(r, w.streets),
        `${pick(r, ['N', 'S', 'E', 'West', 'North', 'East'])} ${lastName(r)}`,
        `${1 + r.below(90)}th`,
        city(r),
      ])
      const unit = r.below(6)
        ? ''
        : pick(r, [
            ` Apt ${1 + r.below(40)}`,
            `, Apt. ${1 + r.below(9)}B`,
            ` #${1 + r.below(400)}`,
            ` Suite ${100 + r.below(900)}`,
            `, Unit ${1 + r.below(9)}`,
          ])
      return `${1 + r.below(r.below(2) ? 200 : 9000)} ${name} ${type}${unit}`
    }
    const type = pick(r, w.streetTypes)
    const name = pick(r, [
      () =>
        `${pick(r, ['', '', 'du Docteur ', 'du Général ', 'du Maréchal ', 'du Président ', 'Saint-', 'du Dr ', 'de la Mère ', 'du Colonel '])}${r.below(2) ? `${firstName(r)} ` : ''}${lastName(r)}`,
      () => `${firstName(r)} ${lastName(r)}`,
      () => pick(r, w.streets),
      () => pick(r, w.streets),
      () => `de ${city(r)}`,
      () => pick(r, w.streets).toLowerCase(),
      () => `${firstName(r)} ${lastName(r)}`.toLowerCase(),
      () =>
        pick(r, [
          'du G.al de Gaulle',
          'du Gal Leclerc',
          'du Mal Foch',
          'du Gl. de Gaulle',
          'du Pdt Wilson',
          'du Dr. Roux',
          'St. Michel',
        ]),
    ])()
    const number =
      r.below(14) === 0
        ? ''
        : r.below(30) === 0
          ? `${pick(r, ['deux', 'dix', 'trois', 'douze', 'vingt'])} `
          : `${1 + r.below(180)}${pick(r, ['', '', '', '', '', ' bis', ' ter', 'B', '', `-${1 + r.below(200)}`])}${pick(r, ['', '', '', ','])} `
    return `${number}${cased(r, type)} ${name}${r.below(15) ? '' : pick(r, [` Bât ${'ABCD'[r.below(4)]}`, `, appt ${1 + r.below(60)}`, `, résidence ${pick(r, w.streets)}`])}`
  }
  const hospital = (r: Random): string => {
    if (language === 'en') {
      const base = pick(r, [
        city(r),
        lastName(r),
        pick(r, w.hospitalNames),
        pick(r, w.hospitalNames),
        `St. ${firstName(r)}`,
        `${pick(r, w.statenames)}`,
        `${lastName(r)} ${pick(r, ['Memorial', 'County', 'Community'])}`,
        `${pick(r, w.streets)}${pick(r, ['wood', 'view', 'side', ' Valley', ' Hill', 'shore', 'brook', ''])}`,
        `${pick(r, ['Mercy', 'Providence', 'Good Samaritan', 'Sacred Heart', 'Holy Cross', 'Trinity', 'Valley', 'Lakeside', 'Riverside', 'Northside', 'Brightwater'])}`,
        `St. ${firstName(r)}'s`,
      ])
      const tail = pick(r, [
        'Hospital',
        'Hospital',
        'General Hospital',
        'Medical Center',
        'Medical Center',
        'Memorial Hospital',
        'Clinic',
        'Community Hospital',
        'Health Center',
        'Regional Medical Center',
        'Nursing Home',
        'Rehabilitation Center',
        'University Hospital',
        "Children's Hospital",
        'VA Medical Center',
        'Dialysis Center',
        'Pediatrics',
        'Surgery Center',
        'Family Practice',
        'Regional',
        'General',
        'Health',
        'Manor',
        'Surgery',
        'Medical Group',
        'Cancer Center',
        'Hospital Center',
        'Infirmary',
        '',
      ])
      if (r.below(25) === 0)
        return pick(r, ['MGH', 'BWH', 'BIDMC', 'UCSF', 'UPMC', 'VAMC', 'NYU', 'CMC', 'OSH'].slice(0, 8))
      return `${base}${tail && ' '}${tail}`
    }
    return pick(r, [
      () => pick(r, w.hospitalNames),
      () => pick(r, w.hospitalNames),
      () => pick(r, w.hospitalNames),
      () => pick(r, big),
      () => city(r),
      () => `${firstName(r)} ${lastName(r)}`,
      () => `${firstName(r)}-${lastName(r)}`,
      () => `la ${pick(r, w.hospitalNames).replace(/^(?:la|le) /i, '')}`,
      () =>
        `${pick(r, ['la Pitié Salpêtrière', 'la Pitié', 'la Timone', 'la Salpêtrière', 'la Conception', "l'Archet", 'Le Kremlin Bicêtre', 'la Croix Rousse', 'Européen Georges-Pompidou', 'européen Georges Pompidou', 'Nord', 'Sud', "d'Instruction des Armées"])}`,
      () => `St ${firstName(r)}`,
      () => `Saint ${firstName(r)}`,
      () => `Saint-${firstName(r)}`,
      () => pick(r, w.hospitalNames).replaceAll('-', ' '),
      () => pick(r, w.hospitalNames).toLowerCase(),
      () => `${pick(r, w.hospitalNames)}${pick(r, [' - ', '-', ' ', '/', ' – '])}${pick(r, w.hospitalNames)}`,
      () =>
        `${pick(r, ['Paris', 'Lyon', 'Est', 'Nord', 'Ouest', 'Sud', 'Centre'])} ${pick(r, ['Centre', 'Nord Val de Seine', 'Seine-Saint-Denis', 'Est', 'Ouest', 'Sud', 'Parisien', 'Francilien', 'Île-de-France', 'Essonne'])}`,
      () =>
        `${pick(r, ['de la', 'du', 'des', 'Les', 'La', 'Le', 'Val de', 'Mont', 'Belle'])} ${capital(pick(r, w.streets).split(' ').at(-1) ?? '')}`,
    ])()
  }
  return { street, hospital }
}

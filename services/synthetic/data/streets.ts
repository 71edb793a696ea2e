/** Streets and numbers of addresses, and telephone numbers that ARCEP reserves for works of fiction (decision 2018-0881, 2.5.12). */
import type { Random } from '../random.ts'

const WAYS = [
  'rue',
  'rue',
  'rue',
  'rue',
  'avenue',
  'avenue',
  'boulevard',
  'place',
  'allée',
  'impasse',
  'chemin',
  'résidence',
] as const
const STREETS =
  'de la République,Victor Hugo,de la Gare,des Écoles,du Général de Gaulle,Jean Jaurès,Pasteur,du Moulin,de l’Église,Jules Ferry,' +
  'des Lilas,du Château,Émile Zola,de la Fontaine,Gambetta,Aristide Briand,des Acacias,du Stade,de Verdun,Saint-Michel,' +
  'Louis Aragon,de la Liberté,des Tilleuls,Jean Moulin,Léon Blum,du 8 Mai 1945,du 11 Novembre,Marcel Pagnol,de Bretagne,' +
  'Albert Camus,des Roses,Anatole France,du Lavoir,de la Mairie,Voltaire,Saint-Exupéry,George Sand,de l’Abbé Grégoire,du Vieux Port,Molière'
const NAMES = STREETS.split(',')
/** The first six digits of ten. */
const FICTION = ['019900', '026191', '035301', '046571', '053649'] as const

export function streetAddress(random: Random): string {
  const suffix = random.chance(0.06) ? random.pick([' bis', ' ter', ' A', ' B']) : ''
  const line = `${random.int(1, random.chance(0.8) ? 60 : 280)}${suffix} ${random.pick(WAYS)} ${random.pick(NAMES)}`
  return random.chance(0.12) ? `${line}, appt ${random.int(1, 80)}` : line
}

/** @returns ten digits: a mobile one, or one of the region; only 10,000 each exist, so several people have the same one */
export function phoneNumber(random: Random, mobile: boolean): string {
  const rest = String(random.int(0, 9999)).padStart(4, '0')
  return mobile ? `063998${rest}` : `${random.pick(FICTION)}${rest}`
}

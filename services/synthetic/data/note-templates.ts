/**
 * Clinical notes in French, our own text. `{...}` are slots (care/notes.ts). The identifying ones are where French letters
 * have them: in the head, the salutation, the middle of a sentence, the signature; some notes do not name the patient.
 */

export interface NoteTemplate {
  readonly loinc: string
  readonly title: string
  /** Kinds of visit it is written for; `any` for all. */
  readonly of: 'stay' | 'emergency' | 'consultation' | 'any'
  readonly weight: number
  readonly text: string
}

const HEAD = `{hospital}
{hospitalAddress}
Secrétariat : {hospitalPhone}

`
const SIGNATURE = `

{doctor}
RPPS {rpps}`

export const NOTE_TEMPLATES: readonly NoteTemplate[] = [
  {
    loinc: '11490-0',
    title: 'Lettre de liaison de {civility} {NAME}',
    of: 'stay',
    weight: 6,
    text: `${HEAD}Patient : {civility} {NAME} {Given}
Né{e} le {birthSlash} à {birthTown}
IPP : {ipp}    Séjour : {nda}
Demeurant {address}, {postcode} {city}. Tél. {phone}

Cher confrère,

Votre patient{e} {civility} {Name}, {age} ans, a été hospitalisé{e} du {start} au {end} pour {reason}.

Antécédents : {history}.
Histoire de la maladie : {story}
À l’examen : {exam}
Évolution : {course}
Traitement de sortie : {treatment}.
{Given} {NAME} sera revu{e} en consultation dans {weeks} semaines.

Confraternellement,${SIGNATURE}`,
  },
  {
    loinc: '34105-7',
    title: 'Compte rendu d’hospitalisation',
    of: 'stay',
    weight: 5,
    text: `${HEAD}COMPTE RENDU D’HOSPITALISATION

Nom : {NAME}    Nom de naissance : {BIRTHNAME}    Prénom : {Given}
Date de naissance : {birthSlash} ({age} ans)    N° de sécurité sociale : {nir}
N° IPP {ipp}    N° de venue {nda}

Motif d’entrée : {reason}.
Mode de vie : vit {living}. Personne de confiance : {relative}, joignable au {homePhone}.
Antécédents : {history}.
{story}
Examen clinique : {exam}
Dans le service : {course}
Au total : {age} ans, {reason}, d’évolution favorable.
Sortie le {end} avec {treatment}.

Dicté le {end} par {doctor}, relu par {otherDoctor}.${SIGNATURE}`,
  },
  {
    loinc: '34878-9',
    title: 'Passage aux urgences',
    of: 'emergency',
    weight: 6,
    text: `SAU {hospital} - dossier {nda}
{NAME} {Given}, né{e} {birthShort}, {age} ans, IPP {ipp}
Arrivée le {start}, adressé{e} par {referrer}.
Motif : {reason}.
ATCD : {history}.
Histoire : {story}
Examen : {exam}
CAT : {course} Traitement : {treatment}.
Accompagnant : {relative} ({phone}).
Vu par {doctor}.`,
  },
  {
    loinc: '11488-4',
    title: 'Consultation du {start}',
    of: 'consultation',
    weight: 6,
    text: `${HEAD}Le {startLong},

Cher ami,

J’ai vu ce jour en consultation {civility} {Given} {NAME}, né{e} le {birthLong}, qui m’est adressé{e} par {referrer} pour {reason}.
Il s’agit d’un{e} patient{e} de {age} ans aux antécédents de : {history}.
{story}
L’examen retrouve : {exam}
Je propose : {treatment}. Je l’ai prévenu{e} de la conduite à tenir et le résultat lui sera envoyé à {email}.

Bien amicalement,${SIGNATURE}`,
  },
  {
    loinc: '18842-5',
    title: 'Synthèse de sortie - {NAME} {Given} - {ipp}',
    of: 'stay',
    weight: 3,
    text: `Synthèse {nda}. {civility} {Name} ({birthIso}), domicilié{e} à {city}, entré{e} le {start}.
{story}
{course}
Ordonnance remise : {treatment}. Famille prévenue : {relative} au {phone}. {doctor}, {hospital}.`,
  },
  {
    loinc: '28570-0',
    title: 'Compte rendu opératoire',
    of: 'stay',
    weight: 2,
    text: `${HEAD}COMPTE RENDU OPÉRATOIRE du {startLong}
Opéré{e} : {NAME} ({BIRTHNAME}) {Given}, {birthSlash}, IPP {ipp}
Opérateur : {doctor}    Anesthésiste : {otherDoctor}
Indication : {reason} chez {civility} {Name}.
Installation en décubitus dorsal, check-list faite avec le patient. Temps principal sans incident, hémostase soigneuse, compte de compresses juste.
Suites : {course}`,
  },
  {
    loinc: '34746-8',
    title: 'Transmission infirmière',
    of: 'any',
    weight: 4,
    text: `{startTime} {civility} {NAME} calme, {exam} Traitement donné : {treatment}. Visite de {relative}. Transmission à {otherDoctor}.`,
  },
  {
    loinc: '34746-8',
    title: 'Transmission infirmière',
    of: 'any',
    weight: 1.4,
    text: `{startTime} RAS. {exam} Traitement donné : {treatment}. Surveillance à poursuivre cette nuit.`,
  },
]

export const STORIES = [
  'Début des troubles il y a trois jours, d’aggravation progressive, sans facteur déclenchant retrouvé.',
  'La symptomatologie évolue depuis une semaine malgré un traitement symptomatique pris à domicile.',
  'Survenue brutale dans la nuit, ayant motivé un appel au 15 et un transport par les sapeurs-pompiers.',
  'Découverte à l’occasion d’un bilan systématique demandé par le médecin traitant.',
  'Récidive d’un épisode comparable survenu l’an dernier, alors résolutif en quelques jours.',
  'Chute mécanique au domicile, sans perte de connaissance, station au sol estimée à moins d’une heure.',
] as const
export const EXAMS = [
  'apyrétique, hémodynamique stable, auscultation cardio-pulmonaire libre.',
  'TA 142/84, FC 88, SpO2 96 % en air ambiant, abdomen souple et dépressible.',
  'conscient, orienté, pas de déficit sensitivo-moteur, mollets souples.',
  'fébrile à 38,6, crépitants de la base droite, pas de signe de lutte.',
  'douleur cotée à 6/10, mobilité limitée, pas de trouble vasculo-nerveux.',
  'état général conservé, poids stable, aires ganglionnaires libres.',
] as const
export const COURSES = [
  'évolution favorable en 48 heures, reprise alimentaire bien tolérée.',
  'antibiothérapie débutée après prélèvements, apyrexie obtenue au troisième jour.',
  'bilan étiologique rassurant, relais par voie orale.',
  'surveillance simple, antalgiques de palier 1, retour à domicile avec consignes.',
  'imagerie sans lésion aiguë, avis spécialisé demandé et suivi.',
] as const
export const LIVINGS = [
  'seul à domicile',
  'avec son conjoint',
  'en EHPAD',
  'chez ses enfants',
  'avec ses parents',
] as const

/** Reasons of a visit: CIM-10 (French PMSI form, without a point), text in a note, ages and sex. */
import type { BinarySex } from './given-names.ts'

export interface Reason {
  readonly code: string
  readonly label: string
  readonly minAge: number
  readonly maxAge: number
  readonly weight: number
  readonly onlySex?: BinarySex
}

const LIST = `J189 pneumopathie infectieuse 0 110 5
J209 bronchite aiguë 0 110 4
J219 bronchiolite du nourrisson 0 2 30
J069 infection des voies aériennes supérieures 0 30 4
U0710 infection à SARS-CoV-2 identifiée 0 110 3
A099 gastro-entérite aiguë 0 110 4
R104 douleurs abdominales 3 110 5
K359 appendicite aiguë 5 45 3
K805 lithiase de la voie biliaire 30 110 3
K409 hernie inguinale 18 90 3
K573 diverticulose colique 45 110 2
K210 reflux gastro-œsophagien 25 90 2
D509 anémie par carence en fer 15 110 3
D12.6 polype du côlon 45 85 3
N390 infection urinaire 1 110 5
N10 pyélonéphrite aiguë 15 80 2 female
N201 colique néphrétique sur calcul urétéral 20 75 3
R074 douleur thoracique 25 95 5
I214 syndrome coronarien aigu sans sus-décalage 45 95 3
I639 accident ischémique cérébral 50 100 3
G459 accident ischémique transitoire 50 95 2
I269 embolie pulmonaire 30 95 2
I802 thrombose veineuse profonde 25 95 2
R55 syncope 15 100 3
S525 fracture de l’extrémité distale du radius 5 100 4
S720 fracture du col du fémur 65 105 4
S934 entorse de la cheville 8 65 5
S060 commotion cérébrale 1 100 3
S610 plaie du doigt 2 90 4
T814 infection du site opératoire 18 95 1
M171 gonarthrose 50 90 4
M161 coxarthrose 50 90 3
M545 lombalgie 18 85 5
M511 sciatique par hernie discale 25 65 2
H251 cataracte sénile 60 100 5
H903 surdité de perception 50 95 1
G439 migraine 12 60 3
G409 épilepsie 1 90 2
F322 épisode dépressif sévère 16 85 2
F102 alcoolodépendance 25 75 2
F419 trouble anxieux 12 80 3
G309 maladie d’Alzheimer 65 105 3
L039 cellulite infectieuse 18 95 2
L209 dermatite atopique 0 20 2
B349 infection virale 0 25 4
H669 otite moyenne aiguë 0 8 8
O800 accouchement unique et spontané 17 46 14 female
O820 accouchement par césarienne programmée 17 47 4 female
O470 menace d’accouchement prématuré 17 45 2 female
O210 vomissements gravidiques 17 42 2 female
N920 ménorragies 13 54 3 female
D259 léiomyome utérin 30 55 2 female
N832 kyste ovarien 15 50 2 female
N433 hydrocèle 0 80 2 male
N459 orchi-épididymite 15 70 2 male
C61 adénocarcinome de la prostate 55 95 3 male
Z511 séance de chimiothérapie 30 90 4
Z491 séance de dialyse 40 90 3
Z098 consultation de contrôle 0 100 12
Z000 examen médical général 0 100 5
R509 fièvre sans précision 0 90 4
R53 asthénie 20 100 4
E86 déshydratation 0 105 3
E162 hypoglycémie 20 95 1
T784 réaction allergique 0 80 2
R410 confusion 70 105 4`

export const REASONS: readonly Reason[] = LIST.split('\n').map((line) => {
  const match = /^(\S+) (.+) (\d+) (\d+) (\d+)(?: (female|male))?$/.exec(line)
  if (!match) throw new Error('a line of the reasons cannot be read')
  const [, code = '', label = '', minAge, maxAge, weight, sex] = match
  return {
    code: code.replace('.', ''),
    label,
    minAge: Number(minAge),
    maxAge: Number(maxAge),
    weight: Number(weight),
    ...(sex ? { onlySex: sex as BinarySex } : {}),
  }
})

/** Associated diagnoses that belong to a stay, not to a long-term condition; adults. */
export const ASSOCIATED = [
  'E876',
  'E871',
  'R33',
  'K590',
  'L892',
  'D62',
  'E440',
  'F171',
  'Z720',
  'R296',
  'Z950',
  'Z921',
  'R11',
  'Z602',
] as const

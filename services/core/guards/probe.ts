/**
 * Tries a pattern that a contract gives on invented names and numbers of persons: a guard that accepts one of them guards nothing. A list of
 * samples proves no pattern safe; it finds the patterns that people write for codes and that names fit too.
 */

const FAMILY =
  'MARTIN BERNARD DUBOIS THOMAS ROBERT RICHARD PETIT DURAND LEROY MOREAU SIMON LAURENT LEFEBVRE MICHEL GARCIA DAVID BERTRAND ROUX VINCENT FOURNIER MOREL GIRARD ' +
  'ANDRE MERCIER DUPONT LAMBERT BONNET FRANCOIS MARTINEZ LEGRAND GARNIER FAURE ROUSSEAU BLANC GUERIN MULLER HENRY ROUSSEL NICOLAS PERRIN MORIN MATHIEU CLEMENT ' +
  'GAUTHIER DUMONT LOPEZ FONTAINE CHEVALIER ROBIN MASSON SANCHEZ GERARD NGUYEN BOYER DENIS LEMAIRE DUVAL JOLY GAUTIER ROGER ROCHE ROY NOEL MEYER LUCAS MEUNIER JEAN ' +
  'PEREZ MARCHAND DUFOUR BLANCHARD MARIE BARBIER BRUN DUMAS BRUNET SCHMITT LEROUX COLAS KLEIN ZIMMERMANN WAGNER YILMAZ QUERE ULRICH ISAAC XAVIER OLIVIER HUE LI VO BA SY'
const GIVEN =
  'Jean Marie Pierre Anne Paul Rose Luc Eva Lea Zoe Tom Noa Ines Hugo Emma Jade Louis Lina Adam Alice Raphael Chloe Gabriel Lucie Arthur Agathe Jules Juliette Mael ' +
  'Camille Noah Manon Ethan Sarah Nathan Lou Liam Kim Theo Eve Sacha Ada Tiago Ana Victor Yasmine Walid Wendy Ursula Quentin Oceane Elise Ilyes Xenia Kevin Fatou'
const ACCENTED = 'Élodie Zoé Léa Noé Anaïs Chloé Hélène Gaël'

const words = (list: string) => list.split(' ')
const title = (word: string) => word.charAt(0) + word.slice(1).toLowerCase()

/** What a text can say of a person, with samples. */
const SAMPLES: readonly (readonly [kind: string, samples: readonly string[]])[] = [
  [
    "a person's name",
    [...words(FAMILY), ...words(GIVEN), ...words(ACCENTED)].flatMap((name) => {
      const upper = name.toUpperCase()
      const forms = [name, upper, name.toLowerCase(), title(name)]
      return [
        ...forms,
        ...['1', '12', '123', '1950', ' J', '.J'].map((end) => `${upper}${end}`),
        `${upper} Jean`,
        `${title(name)} Jean`,
      ]
    }),
  ],
  [
    'the name and the address of a person',
    [
      'DUPONT Jean 12 rue Foch',
      'Jean DUPONT, né le 01/02/1950',
      'CR DUPONT Jean NIR 185056912345642',
      'jean.dupont@exemple.fr',
    ],
  ],
  [
    'a NIR',
    [
      '185056912345642',
      '1850569123456',
      '1 85 05 69 123 456 42',
      '1 85 05 69 123 456',
      '2850 52A 123 456 10',
      '185052A12345689',
    ],
  ],
  [
    'a telephone number',
    ['0612345678', '06 12 34 56 78', '06.12.34.56.78', '+33612345678', '+33 6 12 34 56 78', '612345678', '33612345678'],
  ],
  [
    'the number of a patient',
    ['800012', '8000123', '80001234', '800012345', '0080001234', 'H1-0080001', '800.0123', 'P8000123X', 'IPP8000123'],
  ],
  ['a date of birth', ['19500201', '01021950', '1950-02-01', '01/02/1950', '1/2/1950', '010250']],
]

/** @returns what the pattern may hold, in words; undefined when it accepts none of the samples */
export function mayHold(accepts: (text: string) => boolean): string | undefined {
  return SAMPLES.find(([, samples]) => samples.some(accepts))?.[0]
}

/** People born abroad: INSEE country code (99xxx) and names. Weights are rough; lists are our own. */
import { weighted } from '../random.ts'
import { byRank } from './given-names.ts'

function origin(countries: readonly string[], families: string, female: string, male: string) {
  return { countries, families: byRank(families), female: byRank(female), male: byRank(male) }
}

const MAGHREB = origin(
  ['99352', '99350', '99351'],
  'Benali Haddad Saïdi Belkacem Mansouri Bouazza Cherif Amrani Khelifi Trabelsi Ben-Amar El-Idrissi Brahimi Zerrouki Meziane',
  'Fatima Khadija Aïcha Nadia Samira Leïla Yasmina Malika Zohra Karima Salima Hafida Amina Rachida Naïma',
  'Mohamed Ahmed Ali Karim Rachid Youssef Omar Abdelkader Saïd Mustapha Hassan Nabil Farid Abdallah Kamel',
)
const IBERIA = origin(
  ['99139', '99134', '99127'],
  'Ferreira Pereira Rodrigues Santos Alves Gomes Carvalho Muñoz Núñez Romero Rossi Russo Esposito Conceição Gonçalves',
  'Maria Ana Fernanda Rosa Carmen Dolores Lucia Isabel Teresa Giulia Conceição Paula Manuela Pilar Sandra',
  'Manuel José António Carlos João Paulo Luis Francisco Giuseppe Antonio Miguel Rui Fernando Jorge Mario',
)
const AFRICA = origin(
  ['99335', '99341', '99326', '99322', '99324', '99333', '99397'],
  'Traoré Diallo Diop Coulibaly Keïta Ndiaye Koné Camara Touré N’Guessan Kouassi Mbaye Rakoto Sissoko Ngo-Bisse',
  'Aminata Fatoumata Mariam Awa Aïssatou Kadiatou Rokia Adjoua Fanta Bintou Coumba Grâce Esther Hawa Ndeye',
  'Mamadou Ousmane Ibrahima Moussa Abdoulaye Amadou Cheikh Boubacar Seydou Souleymane Kofi Yao Patrice Jean-Bosco Issa',
)
const EAST = origin(
  ['99208', '99216', '99243', '99234', '99206', '99205'],
  'Yılmaz Kaya Demir Şahin Nguyễn Nguyen Tran Le Pham Wang Li Chen Sok Khoury Haddad-Nassar',
  'Ayşe Fatma Emine Thi-Lan Mai Hoa Ling Mei Sophea Rania Zeynep Elif Thu Linh Hala',
  'Mehmet Mustafa Ahmet Van-Hung Minh Tuan Wei Jun Sokha Georges Ali-Can Hüseyin Duc Long Elias',
)
const EUROPE = origin(
  ['99114', '99122', '99132', '99109', '99131'],
  'Popescu Ionescu Kowalski Nowak Wiśniewski Smith Jones Müller Schäfer Peeters Janssens Łukasik Dupont-Janssens O’Brien Becker',
  'Ioana Elena Maria Anna Katarzyna Emily Sarah Ursula Petra Elke Małgorzata Andreea Agnieszka Hannah Els',
  'Andrei Ion Piotr Krzysztof James John Hans Jürgen Luc Jan Paweł Mihai Thomas Sean Dirk',
)

export const ORIGINS = weighted([
  [MAGHREB, 42],
  [IBERIA, 20],
  [AFRICA, 18],
  [EAST, 10],
  [EUROPE, 10],
] as const)
export type Origin = ReturnType<typeof origin>

/** Names of streets, and the beginnings of telephone numbers that ARCEP reserves for works of fiction (decision 2018-0881, 2.5.12). */

export const STREETS: readonly string[] = (
  'de la République,Victor Hugo,de la Gare,des Écoles,du Général de Gaulle,Jean Jaurès,Pasteur,du Moulin,de l’Église,Jules Ferry,' +
  'des Lilas,du Château,Émile Zola,de la Fontaine,Gambetta,Aristide Briand,des Acacias,du Stade,de Verdun,Saint-Michel,' +
  'Louis Aragon,de la Liberté,des Tilleuls,Jean Moulin,Léon Blum,du 8 Mai 1945,du 11 Novembre,Marcel Pagnol,de Bretagne,' +
  'Albert Camus,des Roses,Anatole France,du Lavoir,de la Mairie,Voltaire,Saint-Exupéry,George Sand,de l’Abbé Grégoire,du Vieux Port,Molière'
).split(',')

/** The first six digits of ten. */
export const FICTION = ['019900', '026191', '035301', '046571', '053649'] as const
/** Of mobile telephones. */
export const FICTION_MOBILE = '063998'

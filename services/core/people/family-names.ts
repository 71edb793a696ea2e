/** Family names of France, most frequent first (our own list): common, regional, with particles, compound, with accents. */
export const FAMILY_NAMES: readonly string[] = (
  'Martin,Bernard,Thomas,Petit,Robert,Richard,Durand,Dubois,Moreau,Laurent,Simon,Michel,Lefebvre,Leroy,Roux,David,Bertrand,' +
  'Morel,Fournier,Girard,Bonnet,Dupont,Lambert,Fontaine,Rousseau,Vincent,Muller,Lefèvre,Faure,André,Mercier,Blanc,Guérin,' +
  'Boyer,Garnier,Chevalier,François,Legrand,Gauthier,Garcia,Perrin,Robin,Clément,Morin,Nicolas,Henry,Roussel,Mathieu,' +
  'Gautier,Masson,Marchand,Duval,Denis,Dumont,Marie,Lemaire,Noël,Meyer,Dufour,Meunier,Brun,Blanchard,Giraud,Joly,Rivière,' +
  'Lucas,Brunet,Gaillard,Barbier,Arnaud,Martinez,Gérard,Roche,Renard,Schmitt,Roy,Leroux,Colin,Vidal,Caron,Picard,Roger,' +
  'Fabre,Aubert,Lemoine,Renaud,Dumas,Lacroix,Olivier,Philippe,Bourgeois,Pierre,Benoît,Rey,Leclerc,Payet,Rolland,Leclercq,' +
  'Guillaume,Lecomte,Lopez,Jean,Dupuy,Guillot,Hubert,Berger,Carpentier,Sanchez,Dupuis,Moulin,Louis,Deschamps,Huet,Vasseur,' +
  'Perez,Boucher,Fleury,Royer,Klein,Jacquet,Adam,Paris,Poirier,Marty,Aubry,Guyot,Carré,Charles,Renault,Charpentier,Ménard,' +
  'Maillard,Baron,Bertin,Bailly,Hervé,Schneider,Fernandez,Le Gall,Collet,Léger,Bouvier,Julien,Prévost,Millet,Perrot,Daniel,' +
  'Le Roux,Cousin,Germain,Breton,Besson,Langlois,Rémy,Le Goff,Pelletier,Lévêque,Perrier,Leblanc,Barre,Lebrun,Marchal,Weber,' +
  'Mallet,Hamon,Boulanger,Jacob,Monnier,Michaud,Rodriguez,Guichard,Gillet,Étienne,Grondin,Poulain,Tessier,Chevallier,Collin,' +
  'Chauvin,Da Silva,Bouchet,Gay,Lemaître,Bénard,Maréchal,Humbert,Reynaud,Antoine,Hoarau,Perret,Barthélemy,Cordier,Pichon,' +
  'Lejeune,Gilbert,Lamy,Delaunay,Pasquier,Carlier,Laporte,Le Bihan,Kergoat,Luciani,Casanova,Etcheverry,Wagner,Zimmermann,' +
  'De La Fontaine,De Oliveira,Le Guen,Du Plessis,L’Hostis,D’Angelo,Saint-Martin,Dupont-Moretti,Vidal de La Blache,Bœuf,Lœwenstein,Æschlimann,Kœnig'
).split(',')

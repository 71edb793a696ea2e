/** Communes of France: INSEE code, postcode, name and a rough weight. Paris, Lyon and Marseille by arrondissement, as births are coded. */

export interface Commune {
  readonly insee: string
  readonly postcode: string
  readonly name: string
}

/** One line per department: `insee postcode weight name`. */
const LIST = `01053 01000 4 Bourg-en-Bresse
02691 02100 5 Saint-Quentin
03310 03200 3 Vichy
06088 06000 34 Nice
06029 06400 7 Cannes
08105 08000 5 Charleville-Mézières
10387 10000 6 Troyes
11262 11100 5 Narbonne
13055 13001 1 Marseille
13201 13001 9 Marseille 1er Arrondissement
13205 13005 9 Marseille 5e Arrondissement
13208 13008 14 Marseille 8e Arrondissement
13213 13013 14 Marseille 13e Arrondissement
13001 13100 14 Aix-en-Provence
14118 14000 11 Caen
15014 15000 3 Aurillac
16015 16000 4 Angoulême
17300 17000 8 La Rochelle
18033 18000 6 Bourges
2A004 20000 6 Ajaccio
2A247 20137 1 Porto-Vecchio
2B033 20200 5 Bastia
2B096 20250 1 Corte
21231 21000 16 Dijon
22278 22000 5 Saint-Brieuc
25056 25000 12 Besançon
26362 26000 6 Valence
27229 27000 5 Évreux
28085 28000 4 Chartres
29019 29200 14 Brest
29232 29000 6 Quimper
30189 30000 15 Nîmes
31555 31000 50 Toulouse
33063 33000 26 Bordeaux
33281 33700 7 Mérignac
34172 34000 30 Montpellier
34032 34500 8 Béziers
35238 35000 22 Rennes
36044 36000 4 Châteauroux
37261 37000 14 Tours
38185 38000 16 Grenoble
40192 40000 3 Mont-de-Marsan
41018 41000 5 Blois
42218 42000 17 Saint-Étienne
43157 43000 2 Le Puy-en-Velay
44109 44000 32 Nantes
44184 44600 7 Saint-Nazaire
45234 45000 12 Orléans
46042 46000 2 Cahors
47001 47000 3 Agen
49007 49000 16 Angers
50129 50100 8 Cherbourg-en-Cotentin
51454 51100 18 Reims
53130 53000 5 Laval
54395 54000 10 Nancy
56121 56100 6 Lorient
57463 57000 12 Metz
58194 58000 3 Nevers
59350 59000 24 Lille
59512 59100 10 Roubaix
59183 59140 9 Dunkerque
60057 60000 6 Beauvais
62193 62100 7 Calais
62041 62000 4 Arras
63113 63000 15 Clermont-Ferrand
64445 64000 8 Pau
64102 64100 5 Bayonne
65440 65000 4 Tarbes
66136 66000 12 Perpignan
67482 67000 29 Strasbourg
68224 68100 11 Mulhouse
69381 69001 3 Lyon 1er Arrondissement
69383 69003 10 Lyon 3e Arrondissement
69388 69008 9 Lyon 8e Arrondissement
69266 69100 15 Villeurbanne
71076 71100 5 Chalon-sur-Saône
72181 72000 14 Le Mans
73065 73000 6 Chambéry
74010 74000 13 Annecy
75104 75004 3 Paris 4e Arrondissement
75110 75010 9 Paris 10e Arrondissement
75112 75012 14 Paris 12e Arrondissement
75113 75013 18 Paris 13e Arrondissement
75114 75014 14 Paris 14e Arrondissement
75115 75015 23 Paris 15e Arrondissement
75118 75018 19 Paris 18e Arrondissement
75120 75020 19 Paris 20e Arrondissement
76540 76000 11 Rouen
76351 76600 17 Le Havre
77288 77000 4 Melun
78646 78000 9 Versailles
79191 79000 6 Niort
80021 80000 13 Amiens
81004 81000 5 Albi
83137 83000 17 Toulon
84007 84000 9 Avignon
85191 85000 6 La Roche-sur-Yon
86194 86000 9 Poitiers
87085 87000 13 Limoges
88160 88000 3 Épinal
89024 89000 4 Auxerre
90010 90000 5 Belfort
91228 91000 7 Évry-Courcouronnes
92012 92100 12 Boulogne-Billancourt
92050 92000 10 Nanterre
93066 93200 11 Saint-Denis
93008 93000 14 Bobigny
94028 94000 9 Créteil
95127 95000 7 Cergy
97105 97100 2 Basse-Terre
97120 97110 3 Pointe-à-Pitre
97209 97200 8 Fort-de-France
97302 97300 6 Cayenne
97411 97400 15 Saint-Denis
97416 97410 9 Saint-Pierre`

/** With their weight. */
export const COMMUNES: readonly (readonly [commune: Commune, weight: number])[] = LIST.split('\n').map((line) => {
  const [insee = '', postcode = '', weight = '', ...name] = line.split(' ')
  return [{ insee, postcode, name: name.join(' ') }, Number(weight)]
})

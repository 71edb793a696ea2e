/** Given names by sex and year of birth: our own short lists, most frequent first, roughly as in INSEE's file of given names. */

/** Up to this year of birth (included). */
export interface Era {
  readonly until: number
  /** Separated by blanks. */
  readonly female: string
  readonly male: string
}

export const GIVEN_NAMES: readonly Era[] = [
  {
    until: 1944,
    female:
      'Marie Jeanne Jacqueline Denise Yvonne Simone Monique Paulette Madeleine Suzanne Renée Janine Germaine Odette Thérèse Lucienne Andrée Ginette Georgette Yvette Huguette Marcelle Colette Gisèle Christiane Raymonde Éliane Solange Hélène Marie-Thérèse',
    male: 'Jean André Pierre Roger René Marcel Robert Michel Louis Maurice Raymond Georges Jacques Henri Lucien Bernard Claude Guy Paul Albert Gilbert Fernand Gérard Charles Roland Joseph Émile Serge Jean-Claude Étienne',
  },
  {
    until: 1964,
    female:
      'Marie Monique Françoise Catherine Martine Christine Nicole Sylvie Brigitte Annie Chantal Michèle Jacqueline Danielle Dominique Patricia Évelyne Josiane Marie-Christine Anne Véronique Jocelyne Élisabeth Corinne Marie-Claude Colette Bernadette Geneviève Pascale Marie-France',
    male: 'Michel Jean Philippe Alain Bernard Patrick Pierre Daniel Jean-Pierre Gérard Christian Jacques Claude André Dominique Jean-Claude Serge Didier Jean-Luc Pascal Éric Thierry Bruno François Yves Francis Jean-Paul Hervé Joël Jean-François',
  },
  {
    until: 1984,
    female:
      'Nathalie Isabelle Sylvie Stéphanie Céline Sandrine Valérie Karine Virginie Sophie Christelle Laurence Véronique Delphine Aurélie Émilie Julie Caroline Laetitia Séverine Florence Anne Audrey Hélène Élodie Sabrina Magali Nadia Anne-Sophie Marie-Laure',
    male: 'Christophe Stéphane Laurent Frédéric Nicolas Sébastien David Olivier Julien Jérôme Philippe Thierry Éric Pascal Cédric Bruno Guillaume Vincent Arnaud Fabrice Franck Ludovic Mickaël Grégory Mathieu Benoît Fabien Emmanuel Jean-Marc François-Xavier',
  },
  {
    until: 2004,
    female:
      'Laura Marine Camille Léa Manon Marion Julie Pauline Mathilde Chloé Anaïs Sarah Emma Justine Morgane Lucie Océane Mélanie Charlotte Margaux Clara Juliette Elsa Jade Inès Noémie Alice Clémence Anne-Laure Maëva',
    male: 'Thomas Nicolas Alexandre Maxime Kévin Antoine Lucas Quentin Romain Théo Hugo Julien Clément Florian Anthony Valentin Alexis Dylan Pierre Jordan Benjamin Guillaume Mathieu Enzo Paul Louis Adrien Baptiste Jean-Baptiste Loïc',
  },
  {
    until: 9999,
    female:
      'Emma Jade Louise Alice Chloé Inès Lina Léa Manon Rose Anna Mila Lou Ambre Julia Juliette Zoé Lola Agathe Jeanne Léna Éva Sofia Romane Camille Nina Inaya Lucie Margot Capucine',
    male: 'Gabriel Léo Raphaël Louis Lucas Adam Jules Hugo Arthur Nathan Maël Ethan Noah Liam Paul Sacha Tom Gabin Mohamed Nolan Aaron Théo Victor Timéo Martin Axel Antoine Éden Malo Jean-Gabriel',
  },
]

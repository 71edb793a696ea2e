/**
 * A place in a file, and the list of all problems of the file: every problem is kept with its place, and the reading continues after each.
 * Written as `cohort.any_of[0].feed`, or after the name of its owner: `field 'ins': rule 'ins-key': severity`.
 */
export class Place {
  readonly problems: string[]
  readonly #owner: string
  readonly #path: string

  /** @param problems receives the problems that are reported at this place and below it */
  constructor(problems: string[], owner = '', path = '') {
    this.problems = problems
    this.#owner = owner
    this.#path = path
  }

  key(name: string): Place {
    return new Place(this.problems, this.#owner, this.#path === '' ? name : `${this.#path}.${name}`)
  }

  item(index: number): Place {
    return new Place(this.problems, this.#owner, `${this.#path}[${index}]`)
  }

  /** @param label for instance `rule 'ins-key'`: the name of this place for a person; it replaces the path */
  named(label: string): Place {
    return new Place(this.problems, this.#owner === '' ? label : `${this.#owner}: ${label}`)
  }

  /** @param text names keys and rules, never a value */
  say(text: string): undefined {
    this.problems.push([this.#owner, this.#path, text].filter(Boolean).join(': '))
    return undefined
  }
}

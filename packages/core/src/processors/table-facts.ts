/**
 * TableFacts: what is known of a table while the topology is built: whether it keeps a store, and whether its changes tell the old
 * value. It settles as nodes are added below, in Kafka Streams' order of asking, and stands still once the topology is compiled;
 * processors read it when they are made.
 *
 * Who needs old values asks (`tellOld`), with or without force; a table that can agrees, and says so.
 */
export interface TableFacts {
  readonly versioned: boolean
  /** How long a versioned table keeps the history of a key. */
  readonly historyMs?: number | undefined
  /** It keeps its values itself. */
  readonly stored: boolean
  /** Its changes tell the old value. */
  readonly tellsOld: boolean
  /** Asks it to tell old values. True if it does from now on (or did). */
  tellOld(force: boolean): boolean
  /** Its values are looked up: it keeps them, or those below it do. */
  read(): void
}

/** A source, `toTable` or foreign-key join: keeps its values if somebody forces or reads it, and tells old values if it keeps them. */
export class KeptFacts implements TableFacts {
  readonly versioned: boolean
  readonly historyMs: number | undefined
  #stored: boolean
  #tellsOld = false

  constructor(stored: boolean, historyMs?: number) {
    this.versioned = historyMs !== undefined
    this.historyMs = historyMs
    this.#stored = stored || this.versioned
  }

  get stored(): boolean {
    return this.#stored
  }

  get tellsOld(): boolean {
    return this.#tellsOld
  }

  tellOld(force: boolean): boolean {
    if (force) this.#stored = true
    if (this.#stored) this.#tellsOld = true
    return this.#tellsOld
  }

  read(): void {
    this.#stored = true
  }
}

/** An aggregate: it has its store, and the old value at hand. */
export class AggregateFacts implements TableFacts {
  readonly versioned = false
  readonly stored = true
  #tellsOld = false

  get tellsOld(): boolean {
    return this.#tellsOld
  }

  tellOld(): boolean {
    this.#tellsOld = true
    return true
  }

  read(): void {}
}

/** Filters and mappers: with a store of their own they know the old value, else as far as their parent tells it. */
export class MappedFacts implements TableFacts {
  readonly versioned: boolean
  readonly historyMs: number | undefined
  readonly stored: boolean
  readonly parent: TableFacts
  #tellsOld = false

  constructor(parent: TableFacts, stored: boolean) {
    this.parent = parent
    this.stored = stored
    this.versioned = parent.versioned && !stored
    this.historyMs = stored ? undefined : parent.historyMs
  }

  get tellsOld(): boolean {
    return this.#tellsOld
  }

  tellOld(force: boolean): boolean {
    if (this.stored) this.#tellsOld = true
    else if (this.parent.tellOld(force)) this.#tellsOld = true
    return this.#tellsOld
  }

  read(): void {
    if (!this.stored) this.parent.read()
  }
}

/** Suppress: as its parent does; it forces it where a store is wanted. */
export class SuppressedFacts implements TableFacts {
  readonly versioned = false
  readonly stored = false
  readonly parent: TableFacts

  constructor(parent: TableFacts) {
    this.parent = parent
  }

  get tellsOld(): boolean {
    return this.parent.tellsOld
  }

  tellOld(force: boolean): boolean {
    return this.parent.tellOld(force)
  }

  read(): void {
    this.parent.read()
  }
}

/** A join by primary key: agrees, and forces both its inputs. */
export class JoinedFacts implements TableFacts {
  readonly versioned = false
  readonly stored: boolean
  readonly left: TableFacts
  readonly right: TableFacts
  #tellsOld = false

  constructor(left: TableFacts, right: TableFacts, stored: boolean) {
    this.left = left
    this.right = right
    this.stored = stored
  }

  get tellsOld(): boolean {
    return this.#tellsOld
  }

  tellOld(): boolean {
    this.left.tellOld(true)
    this.right.tellOld(true)
    this.#tellsOld = true
    return true
  }

  read(): void {
    if (this.stored) return
    this.left.read()
    this.right.read()
  }
}

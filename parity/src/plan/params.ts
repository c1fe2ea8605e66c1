/**
 * Params: the parameters of one plan node, read by name and type. Whatever is missing, of another type, or left over when the node is
 * done fails the case: a parameter that nobody understood must not pass for one that was honoured.
 */
import { compileFunction } from './functions.ts'
import type { PlanFunction } from './functions.ts'

export class Params {
  readonly #what: string
  readonly #values: Readonly<Record<string, unknown>>
  readonly #read: Set<string> = new Set()

  constructor(what: string, values: object, known: readonly string[] = []) {
    this.#what = what
    this.#values = values as Readonly<Record<string, unknown>>
    for (const name of known) this.#read.add(name)
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined
  }

  text(name: string): string {
    const value = this.#take(name)
    return typeof value === 'string' ? value : this.#refuse(name, 'a text')
  }

  textOr<T>(name: string, absent: T): string | T {
    return this.has(name) ? this.text(name) : this.#absent(name, absent)
  }

  oneOf<T extends string>(name: string, words: readonly T[]): T {
    const value = this.text(name)
    return words.includes(value as T)
      ? (value as T)
      : this.#refuse(name, `one of ${words.join(', ')}`)
  }

  ms(name: string): number {
    const value = this.#take(name)
    return Number.isSafeInteger(value) && (value as number) >= 0
      ? (value as number)
      : this.#refuse(name, 'a whole number of at least 0')
  }

  msOr<T>(name: string, absent: T): number | T {
    return this.has(name) ? this.ms(name) : this.#absent(name, absent)
  }

  /** False where it is absent. */
  flag(name: string): boolean {
    if (!this.has(name)) return this.#absent(name, false)
    const value = this.#take(name)
    return typeof value === 'boolean' ? value : this.#refuse(name, 'true or false')
  }

  fn(name: string): PlanFunction {
    return compileFunction(this.text(name), `${this.#what}.${name}`)
  }

  fnOr<T>(name: string, absent: T): PlanFunction | T {
    return this.has(name) ? this.fn(name) : this.#absent(name, absent)
  }

  object(name: string): Params {
    const value = this.#take(name)
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.#refuse(name, 'an object')
    return new Params(`${this.#what}.${name}`, value)
  }

  objectOr<T>(name: string, absent: T): Params | T {
    return this.has(name) ? this.object(name) : this.#absent(name, absent)
  }

  list(name: string): readonly Params[] {
    const value = this.#take(name)
    if (!Array.isArray(value)) return this.#refuse(name, 'a list')
    return value.map((item: object, i) => new Params(`${this.#what}.${name}[${i}]`, item))
  }

  listOr(name: string): readonly Params[] {
    return this.has(name) ? this.list(name) : this.#absent(name, [])
  }

  /** Refuses what nobody has read. */
  done(): void {
    const unknown = Object.keys(this.#values).filter((name) => !this.#read.has(name))
    if (unknown.length > 0)
      throw new Error(`${this.#what}: unknown parameter ${unknown.join(', ')}`)
  }

  #take(name: string): unknown {
    this.#read.add(name)
    return this.#values[name]
  }

  #absent<T>(name: string, value: T): T {
    this.#read.add(name)
    return value
  }

  #refuse(name: string, wanted: string): never {
    const got = JSON.stringify(this.#values[name])
    throw new Error(`${this.#what}: parameter ${name} is ${got}, and must be ${wanted}`)
  }
}

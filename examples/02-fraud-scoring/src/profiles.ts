/**
 * ProfileService stands for a remote system that knows the customers: it answers later, in batches, and now and then not
 * at the first try. Its answers depend on the user alone.
 */
import type { World } from './activity/world.ts'
import { countryAt } from './enrich.ts'

export interface Profile {
  readonly country: string
  /** Where the customer lives. */
  readonly x: number
  readonly y: number
  readonly usualAmount: number
}

interface Waiting {
  readonly user: string
  readonly resolve: (profile: Profile) => void
  readonly reject: (error: Error) => void
}

export class ProfileService {
  readonly #world: World
  readonly #failOneIn: number
  #waiting: Waiting[] = []
  #calls = 0

  constructor(world: World, options: { readonly failOneIn: number }) {
    this.#world = world
    this.#failOneIn = options.failOneIn
  }

  find(user: string): Promise<Profile> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#answer())
      this.#waiting.push({ user, resolve, reject })
    })
  }

  /** One round trip for all who have asked since the last one. */
  #answer(): void {
    const batch = this.#waiting
    this.#waiting = []
    for (const { user, resolve, reject } of batch) {
      if (++this.#calls % this.#failOneIn === 0)
        reject(new Error('profile service: connection reset'))
      else resolve(this.#profile(user))
    }
  }

  #profile(user: string): Profile {
    const customer = this.#world.customers[Number(user.slice(1))]
    if (customer === undefined) return { country: '', x: 50, y: 50, usualAmount: 50 }
    const x = customer.x / 100
    const y = customer.y / 100
    return { country: countryAt(x, y), x, y, usualAmount: customer.meanCents / 100 }
  }
}

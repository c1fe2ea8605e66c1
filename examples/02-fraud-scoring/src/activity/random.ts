/**
 * Random: a stream of 32-bit numbers (xoshiro128**) that begins where five numbers say, so that every part of the world
 * has a stream of its own and nothing has to be drawn in order. Integer arithmetic only: the numbers are the same on every
 * platform and every version of Node.
 */

/** What a stream is for: two uses of one day or customer must not share their numbers. */
export const use = Object.freeze({
  customer: 1,
  terminal: 2,
  day: 3,
  stolenCards: 4,
  skimmers: 5,
  account: 6,
  accountChange: 7,
})

export class Random {
  #a = 0
  #b = 0
  #c = 0
  #d = 0

  /** Goes to the start of a stream. Returns itself. */
  to(seed: number, purpose: number, i: number, j = 0): this {
    const low = seed >>> 0
    const high = Math.floor(seed / 0x1_0000_0000)
    let h = 0x2545_f491
    let g = 0x9e37_79b9
    for (const word of [low, high, purpose, i, j]) {
      h = scramble(Math.imul(h ^ word, 0x9e37_79b1))
      g = scramble(Math.imul(g ^ word, 0xc2b2_ae35) + 0x6d2b_79f5)
    }
    this.#a = h
    this.#b = scramble(h + 0x9e37_79b9)
    this.#c = g
    this.#d = scramble(g + 0x9e37_79b9) | 1 // all four zero would stay zero for ever
    return this
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    const times5 = Math.imul(this.#b, 5)
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9)
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result >>> 0
  }

  /** 0 to n - 1, for n up to 2^21: the product has at most 53 bits, so it is exact. */
  below(n: number): number {
    return Math.floor((this.next() * n) / 0x1_0000_0000)
  }

  /** True `perMillion` times in a million. */
  chance(perMillion: number): boolean {
    return this.below(1_000_000) < perMillion
  }

  /**
   * The standard normal in units of 2^-16: the sum of twelve 16-bit numbers less its mean has the standard deviation
   * 65,536, near enough to a bell up to six of them. Needs neither a logarithm nor a sine.
   */
  normal16(): number {
    let sum = -393_210
    for (let i = 0; i < 6; i++) {
      const bits = this.next()
      sum += (bits & 0xffff) + (bits >>> 16)
    }
    return sum
  }
}

function scramble(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35)
  return x ^ (x >>> 16)
}

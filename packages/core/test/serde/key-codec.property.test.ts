import { expect } from 'chai'
import fc from 'fast-check'
import { isMillraceError } from '../../src/errors.ts'
import { decodeKey, encodeKey } from '../../src/serde/key-codec.ts'

const runs = { numRuns: 2_000 }
const number = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(
    0,
    -0,
    Infinity,
    -Infinity,
    Number.MIN_VALUE,
    -Number.MIN_VALUE,
    2 ** 53,
    2 ** 53 + 2,
    0.1,
    1e308,
  ),
)
const bigint = fc.oneof(
  fc.bigInt(-300n, 300n),
  fc.bigInt(-(2n ** 1016n) + 1n, 2n ** 1016n - 1n),
  fc.bigInt(-(2n ** 70n), 2n ** 70n),
)
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom('a', 'b', '\0', '\x01', '\xff', '\uffff', '\u{1f600}'),
    maxLength: 5,
  }),
  fc.string({ maxLength: 100 }),
)
const binary = fc.oneof(
  fc.uint8Array({ maxLength: 6 }),
  fc.array(fc.constantFrom(0, 1, 255), { maxLength: 4 }).map((a) => Uint8Array.from(a)),
)
const date = fc.date({ noInvalidDate: true })
const scalar = fc.oneof(fc.constant(null), fc.boolean(), number, bigint, text, binary, date)
const field = text.filter((name) => !['__proto__', 'constructor', 'prototype'].includes(name))
const { key } = fc.letrec<{ key: unknown }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('key'), { maxLength: 3 }),
    fc.dictionary(field, tie('key'), { maxKeys: 3, noNullPrototype: true }),
  ),
}))

const byBytes = (a: unknown, b: unknown): number =>
  Math.sign(Buffer.compare(encodeKey(a), encodeKey(b)))
const byValue = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
const byCodePoint = (a: string, b: string): number => {
  const [left, right] = [Array.from(a), Array.from(b)].map((chars) =>
    chars.map((char) => char.codePointAt(0)!),
  ) as [number[], number[]]
  return byItems(left, right, byValue)
}
function byItems<T>(
  left: ArrayLike<T>,
  right: ArrayLike<T>,
  compare: (a: T, b: T) => number,
): number {
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const order = compare(left[at]!, right[at]!)
    if (order !== 0) return order
  }
  return byValue(left.length, right.length)
}
/** -0 becomes 0; everything else must come back as it was. */
const settle = (value: unknown): unknown => {
  if (value === 0) return 0
  if (Array.isArray(value)) return value.map(settle)
  if (
    typeof value !== 'object' ||
    value === null ||
    value instanceof Uint8Array ||
    value instanceof Date
  )
    return value
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, settle(entry)]))
}

describe('serde/key-codec properties', () => {
  it('keeps the order of all numbers, integers and fractions interleaved', () => {
    fc.assert(
      fc.property(number, number, (a, b) => void expect(byBytes(a, b)).to.equal(byValue(a, b))),
      runs,
    )
  })

  it('keeps the order of neighbouring doubles', () => {
    const view = new DataView(new ArrayBuffer(8))
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), (low) => {
        view.setFloat64(0, low === 0 ? 0 : low)
        view.setBigUint64(0, view.getBigUint64(0) + 1n)
        const high = view.getFloat64(0)
        expect([byBytes(low, high), byBytes(-high, -low)]).to.deep.equal([-1, -1])
      }),
      runs,
    )
  })

  it('keeps the order of bigints', () => {
    fc.assert(
      fc.property(bigint, bigint, (a, b) => void expect(byBytes(a, b)).to.equal(byValue(a, b))),
      runs,
    )
  })

  it('keeps the order of text by code point', () => {
    fc.assert(
      fc.property(text, text, (a, b) => void expect(byBytes(a, b)).to.equal(byCodePoint(a, b))),
      runs,
    )
  })

  it('keeps the order of bytes and of dates', () => {
    fc.assert(
      fc.property(
        binary,
        binary,
        (a, b) => void expect(byBytes(a, b)).to.equal(byItems(a, b, byValue)),
      ),
      runs,
    )
    fc.assert(
      fc.property(
        date,
        date,
        (a, b) => void expect(byBytes(a, b)).to.equal(byValue(a.getTime(), b.getTime())),
      ),
      runs,
    )
  })

  it('orders tuples by their first difference, and a tuple before its extensions', () => {
    const tuple = fc.array(fc.tuple(text, number), { maxLength: 3 })
    const compare = (a: [string, number], b: [string, number]): number =>
      byCodePoint(a[0], b[0]) || byValue(a[1], b[1])
    fc.assert(
      fc.property(
        tuple,
        tuple,
        (a, b) => void expect(byBytes(a, b)).to.equal(byItems(a, b, compare)),
      ),
      runs,
    )
  })

  it('round trips every key', () => {
    fc.assert(
      fc.property(
        key,
        (value) => void expect(decodeKey(encodeKey(value))).to.deep.equal(settle(value)),
      ),
      runs,
    )
  })

  it('gives equal bytes to a key read back, and different bytes to different keys', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(byBytes(decodeKey(encodeKey(a)), a)).to.equal(0)
        if (byBytes(a, b) === 0) expect(settle(a)).to.deep.equal(settle(b))
      }),
      runs,
    )
  })

  it('never makes one key a prefix of another', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const [left, right] = [Buffer.from(encodeKey(a)), Buffer.from(encodeKey(b))]
        if (left.length < right.length)
          expect(right.subarray(0, left.length).equals(left)).to.equal(false)
      }),
      runs,
    )
  })

  it('reads only bytes that it would write, and refuses all others with an error of ours', () => {
    const mutated = fc.tuple(key, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
      const bytes = Uint8Array.from(encodeKey(value))
      bytes[at % bytes.length] = byte
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 24 }), mutated), (bytes) => {
        try {
          expect(Buffer.from(encodeKey(decodeKey(bytes))).equals(bytes)).to.equal(true)
        } catch (error) {
          if (!isMillraceError(error)) throw error
          expect(error.code).to.equal('MILLRACE_DECODE')
        }
      }),
      { numRuns: 5_000 },
    )
  })
})

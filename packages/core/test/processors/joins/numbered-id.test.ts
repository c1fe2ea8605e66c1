import { expect } from 'chai'
import fc from 'fast-check'
import { keyOfId, numberedId } from '../../../src/processors/joins/numbered-id.ts'
import { compareBytes } from '../../../src/state/byte-order.ts'

const key = fc
  .array(fc.constantFrom(0, 1, 2, 254, 255), { maxLength: 6 })
  .map((list) => Uint8Array.from(list))
const number = fc.oneof(
  fc.nat(300),
  fc.constant(2 ** 47),
  fc.maxSafeNat().map((n) => n % 2 ** 48),
)

describe('a numbered id', () => {
  it('gives its key back', () => {
    fc.assert(
      fc.property(key, number, (bytes, n) => {
        expect([...keyOfId(numberedId(bytes, n))]).deep.equal([...bytes])
      }),
    )
  })

  it('sorts by the bytes of the key, a key before its extensions, then by number', () => {
    fc.assert(
      fc.property(key, number, key, number, (a, m, b, n) => {
        const expected = Math.sign(compareBytes(a, b)) || Math.sign(m - n)
        expect(Math.sign(compareBytes(numberedId(a, m), numberedId(b, n)))).equal(expected)
      }),
    )
  })
})

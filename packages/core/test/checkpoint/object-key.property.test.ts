/** Keys: the check agrees with encodeSegment, and the order with the bytes. */
import { expect } from 'chai'
import fc from 'fast-check'
import {
  checkKey,
  checkPrefix,
  compareKeys,
  decodeSegment,
  isSegment,
} from '../../src/checkpoint/object-key.ts'
import { encodeSegment } from '../../src/checkpoint/object-store.ts'

const text = fc.string({ unit: 'binary', maxLength: 60 })
const anything = fc.oneof(
  text,
  fc.string({
    unit: fc.constantFrom('%', '2', 'E', 'e', '.', '/', 'a', '\0', '\ud800'),
    maxLength: 6,
  }),
)

describe('object keys', () => {
  it('take whatever encodeSegment made, and give its text back', () => {
    fc.assert(
      fc.property(text, (t) => {
        expect(isSegment(encodeSegment(t))).to.equal(true)
        expect(decodeSegment(encodeSegment(t))).to.equal(t)
      }),
    )
  })

  it('are taken iff each segment is what encodeSegment makes of its text', () => {
    fc.assert(
      fc.property(anything, (t) => {
        const good = t
          .split('/')
          .every(
            (part) => !/[\uD800-\uDFFF]/u.test(part) && encodeSegment(decodeSegment(part)) === part,
          )
        if (good && t !== '') return checkKey(t)
        expect(() => checkKey(t))
          .to.throw()
          .with.property('code', 'MILLRACE_CONFIG')
      }),
    )
  })

  it('take each beginning of a key as a prefix', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), fc.nat(), (texts, cut) => {
        const units = Array.from(texts.map(encodeSegment).join('/'))
        checkPrefix(units.slice(0, cut % (units.length + 1)).join(''))
      }),
    )
  })

  it('are ordered by their UTF-8 bytes', () => {
    const key = fc.string({
      unit: fc.constantFrom(
        'a',
        '/',
        '-',
        '\u00e9',
        '\ud7ff',
        '\ue000',
        '\uffff',
        '\u{10000}',
        '\u{10ffff}',
      ),
    })
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).to.equal(
          Buffer.compare(Buffer.from(a), Buffer.from(b)),
        )
      }),
    )
  })
})

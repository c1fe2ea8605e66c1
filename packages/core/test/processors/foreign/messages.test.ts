import { expect } from 'chai'
import fc from 'fast-check'
import { answers, asks, hashOf, subscriptions } from '../../../src/processors/foreign/messages.ts'

const bytes = fc.uint8Array({ maxLength: 40 })
const hash = fc.option(bytes.map(hashOf), { nil: null })

describe('what the logs of a foreign-key join carry', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(asks)), hash, bytes, (ask, of, left) => {
        const message = { ask, hash: of, left }
        expect(subscriptions.decode(subscriptions.encode(message))).deep.equal(message)
      }),
    )
    fc.assert(
      fc.property(hash, fc.option(bytes, { nil: null }), (of, right) => {
        const message = { hash: of, right }
        expect(answers.decode(answers.encode(message))).deep.equal(message)
      }),
    )
  })

  it('is refused when it is something else, and never read beyond its end', () => {
    fc.assert(
      fc.property(bytes, (any) => {
        for (const serde of [subscriptions, answers])
          try {
            serde.decode(any)
          } catch (error) {
            expect(error).to.have.property('code', 'MILLRACE_DECODE')
          }
      }),
    )
    expect(() => answers.decode(new Uint8Array([0, 16, 1]))).to.throw(/no message/)
    expect(() => subscriptions.decode(new Uint8Array([9, 0]))).to.throw(/no message/)
  })
})

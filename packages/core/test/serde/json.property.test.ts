import { expect } from 'chai'
import fc from 'fast-check'
import { isMillraceError } from '../../src/errors.ts'
import { findJsonFault } from '../../src/serde/json-fault.ts'
import { findUnsafeKey, mayHoldUnsafeKey, nestsDeeper } from '../../src/serde/json-guard.ts'
import { json } from '../../src/serde/json.ts'

const runs = { numRuns: 1_000 }

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

/** JSON text with one place damaged, and text made of JSON's own pieces. */
const nearJson = fc.oneof(
  fc
    .tuple(fc.json(), fc.nat(), fc.nat(2), fc.string({ maxLength: 2 }))
    .map(([text, at, cut, put]) => {
      const from = at % (text.length + 1)
      return text.slice(0, from) + put + text.slice(from + cut)
    }),
  fc
    .array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"',
        '\\',
        '1',
        '-0.5e+3',
        '.',
        'true',
        'null',
        ' ',
        '\n',
        '\\u00',
        'e',
        '0',
      ),
      { maxLength: 12 },
    )
    .map((pieces) => pieces.join('')),
)

describe('serde/json properties', () => {
  it('finds a fault exactly in the texts that JSON.parse refuses', () => {
    fc.assert(
      fc.property(
        nearJson,
        (text) => void expect(findJsonFault(text) === -1, text).to.equal(parses(text)),
      ),
      { numRuns: 5_000 },
    )
  })

  it('names a fault after which no continuation can help', () => {
    fc.assert(
      fc.property(nearJson, (text) => {
        const at = findJsonFault(text)
        if (at > 0) expect(parses(text.slice(0, at + 1)), text).to.equal(false)
      }),
      runs,
    )
  })

  it('measures depth as a recursive walk does', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 12 }),
        fc.integer({ min: 1, max: 8 }),
        (value, limit) => {
          expect(nestsDeeper(JSON.stringify(value), limit)).to.equal(depthOf(value) > limit)
        },
      ),
      runs,
    )
  })

  it('never misses an unsafe key, however it is escaped', () => {
    const key = fc.constantFrom('__proto__', 'constructor', 'prototype')
    const spelled = fc
      .tuple(key, fc.array(fc.nat(3), { minLength: 11, maxLength: 11 }))
      .map(([word, modes]) =>
        Array.from(word)
          .map((char, at) => {
            const code = char.charCodeAt(0).toString(16).padStart(4, '0')
            return modes[at] === 0
              ? `\\u${code}`
              : modes[at] === 1
                ? `\\u${code.toUpperCase()}`
                : char
          })
          .join(''),
      )
    fc.assert(
      fc.property(spelled, fc.json(), (word, other) => {
        const text = `{"a":[${other},{"${word}":1}]}`
        expect(mayHoldUnsafeKey(text) && findUnsafeKey(JSON.parse(text)) !== undefined).to.equal(
          true,
        )
      }),
      runs,
    )
  })

  it('round trips every JSON value', () => {
    const serde = json()
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text)
        if (findUnsafeKey(value) !== undefined) return
        expect(serde.decode(serde.encode(value))).to.deep.equal(JSON.parse(JSON.stringify(value)))
      }),
      runs,
    )
  })

  it('decodes any bytes to what JSON.parse gives, or refuses with an error of ours', () => {
    const serde = json()
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 64 }),
          nearJson.map((text) => new Uint8Array(Buffer.from(text))),
        ),
        (bytes) => {
          try {
            const value = serde.decode(bytes)
            expect(value).to.deep.equal(JSON.parse(Buffer.from(bytes).toString()))
          } catch (error) {
            if (!isMillraceError(error)) throw error
            expect(error.code).to.equal('MILLRACE_DECODE')
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

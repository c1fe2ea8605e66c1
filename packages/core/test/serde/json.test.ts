import { expect } from 'chai'
import { z } from 'zod'
import { json } from '../../src/serde/json.ts'
import type { Serde } from '../../src/serde/serde.ts'
import { refusal } from './refusal.ts'

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8')

describe('serde/json', () => {
  it('decodes what it encodes', () => {
    const value = { a: [1, 'ü', null, true], b: { c: -0.5 } }
    expect(json().decode(json().encode(value))).to.deep.equal(value)
  })

  it('has the type it was given, or that of its schema', () => {
    const untyped: Serde<unknown> = json()
    const told: Serde<{ a: number }> = json<{ a: number }>({ bytesMax: 10 })
    const checked: Serde<{ at: number }> = json(z.object({ at: z.string().transform(Number) }))
    // @ts-expect-error the output of the schema has no such field
    expect(checked.decode(bytesOf('{"at":"1"}')).other).to.equal(undefined)
    expect([untyped.name, told.name, checked.name]).to.deep.equal(['json', 'json', 'json'])
    expect(checked.decode(bytesOf('{"at":"1"}'))).to.deep.equal({ at: 1 })
  })

  it('refuses a record that does not fit the schema, with the paths', () => {
    const error = refusal(() => json(z.object({ a: z.number() })).decode(bytesOf('{"a":"x"}')))
    expect(error.code).to.equal('MILLRACE_DECODE')
    expect(error.message).to.contain('a: ')
  })

  describe('size', () => {
    it('refuses a record over the limit, in both directions, and names size and option', () => {
      const serde = json({ bytesMax: 10 })
      for (const act of [
        () => serde.decode(bytesOf('"123456789"')),
        () => serde.encode('123456789'),
      ]) {
        const error = refusal(act)
        expect(error.code).to.equal('MILLRACE_RECORD_TOO_LARGE')
        expect(error.message).to.contain('11 bytes').and.to.contain('10 of json({ bytesMax })')
      }
      expect(serde.decode(bytesOf('"12345678"'))).to.equal('12345678')
    })

    it('counts bytes and not characters', () => {
      expect(refusal(() => json({ bytesMax: 10 }).encode('üüüüü')).code).to.equal(
        'MILLRACE_RECORD_TOO_LARGE',
      )
    })

    it('takes 1 MiB and no more by default', () => {
      expect(json().decode(bytesOf(`"${'x'.repeat(1_048_574)}"`))).to.have.length(1_048_574)
      expect(refusal(() => json().decode(bytesOf(`"${'x'.repeat(1_048_575)}"`))).code).to.equal(
        'MILLRACE_RECORD_TOO_LARGE',
      )
    })

    for (const bad of [0, -1, 1.5, NaN, Infinity]) {
      it(`refuses bytesMax and depthMax of ${bad} when it is built`, () => {
        expect(refusal(() => json({ bytesMax: bad })).code).to.equal('MILLRACE_CONFIG')
        expect(refusal(() => json({ depthMax: bad })).code).to.equal('MILLRACE_CONFIG')
      })
    }
  })

  describe('depth', () => {
    const nested = (depth: number, open = '[', close = ']', core = ''): string =>
      open.repeat(depth) + core + close.repeat(depth)

    it('takes 100 levels and refuses 101', () => {
      expect(() => json().decode(bytesOf(nested(100)))).not.to.throw()
      const error = refusal(() => json().decode(bytesOf(nested(101))))
      expect(error.code).to.equal('MILLRACE_DECODE')
      expect(error.message).to.contain('depthMax')
      expect(
        refusal(() => json().decode(bytesOf(nested(101, '{"a":', '}', '1')))).message,
      ).to.contain('100 levels')
      expect(
        refusal(() => json().decode(bytesOf(nested(51, '[{"a":', '}]', '1')))).message,
      ).to.contain('100 levels')
    })

    it('refuses half a million brackets without overflowing the stack', () => {
      expect(refusal(() => json().decode(bytesOf(nested(500_000)))).message).to.contain('deeper')
      expect(refusal(() => json().decode(bytesOf('['.repeat(500_000)))).message).to.contain(
        'deeper',
      )
    })

    it('does not count brackets in strings, nor brackets side by side', () => {
      expect(json().decode(bytesOf(JSON.stringify('['.repeat(1_000))))).to.equal('['.repeat(1_000))
      expect(json().decode(bytesOf(JSON.stringify('\\"[{'.repeat(1_000))))).to.equal(
        '\\"[{'.repeat(1_000),
      )
      expect(
        json().decode(bytesOf(`[${Array.from({ length: 1_000 }, () => '{}').join()}]`)),
      ).to.have.length(1_000)
    })

    it('refuses to encode a value that it would not decode', () => {
      let value: unknown = 1
      for (let level = 0; level < 101; level++) value = [value]
      expect(refusal(() => json().encode(value)).code).to.equal('MILLRACE_ENCODE')
    })
  })

  describe('malformed text', () => {
    const corpus: [string, number][] = [
      ['', 0],
      [' ', 1],
      ['{', 1],
      ['{"a"', 4],
      ['{"a":', 5],
      ['{"a":1,}', 7],
      ['[1,]', 3],
      ['[1 2]', 3],
      ['01', 1],
      ['1.', 1],
      ['+1', 0],
      ['.5', 0],
      ['-', 0],
      ['NaN', 0],
      ['nul', 0],
      ["'a'", 0],
      ['"a', 2],
      ['"\t"', 1],
      ['"\\x"', 2],
      ['"\\u12g4"', 5],
      ['{a:1}', 1],
      ['[1]]', 3],
      ['{"a":1}x', 7],
      ['\ufeff{}', 0],
      ['"ü" x', 5],
      ['// c', 0],
      ['[1,2', 4],
      ['{"a":undefined}', 5],
      ['}', 0],
    ]
    for (const [text, offset] of corpus) {
      it(`refuses ${JSON.stringify(text)} and says where`, () => {
        const error = refusal(() => json().decode(bytesOf(text)))
        expect(error.code).to.equal('MILLRACE_DECODE')
        if (text !== '') expect(error.message).to.contain(`at byte ${offset},`)
      })
    }

    it('shows at most 20 characters of the payload, and no cause that shows more', () => {
      const secret = 'abcdefghijklmnopqrstuvwxyz0123456789'
      const error = refusal(() => json().decode(bytesOf(`{"card":"${secret}" x "${secret}"}`)))
      for (let at = 0; at + 21 <= secret.length; at++)
        expect(error.message).not.to.contain(secret.slice(at, at + 21))
      expect(error.cause).to.equal(undefined)
    })

    it('refuses bytes that are not UTF-8', () => {
      expect(refusal(() => json().decode(Uint8Array.of(0x22, 0xff, 0x22))).code).to.equal(
        'MILLRACE_DECODE',
      )
    })
  })

  describe('keys that pollute prototypes', () => {
    for (const text of [
      '{"__proto__":{"a":1}}',
      '{"a":[{"constructor":1}]}',
      '{"a":{"b":{"prototype":null}}}',
      '{"\\u005f_proto__":1}',
      '{"__pr\\u006fto__":1}',
      '{"\\u0063onstructor":1}',
      '{"__proto_\\u005F":1}',
      '{"x":"__proto__","__proto__":1}',
    ]) {
      it(`refuses ${text}`, () => {
        const error = refusal(() => json().decode(bytesOf(text)))
        expect(error.code).to.equal('MILLRACE_DECODE')
        expect(error.message).to.match(/key "(__proto__|constructor|prototype)"/)
      })
    }

    for (const text of [
      '{"a":"__proto__"}',
      '{"protocol":1,"instructor":2}',
      '["constructor"]',
      '{"a\\u0062":"\\u0065"}',
      '{"x":"\\\\u005f"}',
      '"prototype"',
    ]) {
      it(`takes ${text}`, () => {
        expect(json().decode(bytesOf(text))).to.deep.equal(JSON.parse(text))
      })
    }

    it('does not write what it would not read', () => {
      expect(refusal(() => json().encode({ constructor: 1 })).code).to.equal('MILLRACE_ENCODE')
      expect(refusal(() => json().encode(JSON.parse('{"__proto__":1}'))).code).to.equal(
        'MILLRACE_ENCODE',
      )
    })
  })

  describe('encoding', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    const cases: [string, unknown][] = [
      ['undefined', undefined],
      ['a function', () => 1],
      ['a symbol', Symbol('s')],
      ['a bigint', 5n],
      ['a nested bigint', { a: [5n] }],
      ['a cycle', cycle],
      [
        'a toJSON that throws',
        {
          toJSON() {
            throw new Error('no')
          },
        },
      ],
    ]
    for (const [name, value] of cases) {
      it(`refuses ${name}`, () => {
        expect(refusal(() => json().encode(value)).code).to.equal('MILLRACE_ENCODE')
      })
    }

    it('keeps lone surrogates, which JSON can escape', () => {
      expect(json().decode(json().encode('\ud800'))).to.equal('\ud800')
    })
  })
})

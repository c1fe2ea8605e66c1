import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expect } from 'chai'
import { z } from 'zod'
import { checkSchema, describeIssues, isSchema, validateSync } from '../../src/serde/schema.ts'
import { refusal } from './refusal.ts'

function schemaOf(validate: (value: unknown) => unknown): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate: validate as never } }
}

describe('serde/schema', () => {
  const Order = z.object({ id: z.string(), lines: z.array(z.object({ price: z.number() })) })

  it('gives the typed output of a value that fits', () => {
    const order: { id: string } = validateSync(Order, { id: 'a', lines: [], extra: 1 })
    expect(order).to.deep.equal({ id: 'a', lines: [] })
  })

  it('gives the output of a transform, and undefined as a value', () => {
    expect(validateSync(z.string().transform(Number), '12')).to.equal(12)
    expect(checkSchema(z.undefined(), undefined)).to.have.property('value', undefined)
  })

  it('gives the issues as data', () => {
    expect(checkSchema(Order, { id: 1, lines: [] }).issues).to.have.length(1)
  })

  it('lists the issues with their paths', () => {
    const error = refusal(() =>
      validateSync(Order, { id: 1, lines: [{ price: 1 }, { price: 'x' }] }),
    )
    expect(error.code).to.equal('MILLRACE_DECODE')
    expect(error.message).to.contain('id: ').and.to.contain('lines[1].price: ')
  })

  it('reads path segments that are objects and shows at most five issues', () => {
    const issues = Array.from({ length: 7 }, (_, at) => ({
      message: 'no',
      path: [{ key: 'a' }, at],
    }))
    expect(describeIssues(issues)).to.equal(
      'a[0]: no; a[1]: no; a[2]: no; a[3]: no; a[4]: no; and 2 more',
    )
  })

  it('cuts long messages of a schema library', () => {
    expect(describeIssues([{ message: 'x'.repeat(10_000) }]).length).to.be.below(250)
  })

  it('refuses an asynchronous schema and points to an async operator', () => {
    const Async = z.string().refine(async () => true)
    const error = refusal(() => validateSync(Async, 'a'))
    expect(error.code).to.equal('MILLRACE_ASYNC_RESULT')
    expect(error.message).to.contain('async operator')
  })

  it('leaves no unhandled rejection behind an asynchronous schema that fails', async () => {
    const seen: unknown[] = []
    const listen = (error: unknown): void => void seen.push(error)
    process.on('unhandledRejection', listen)
    refusal(() =>
      checkSchema(
        schemaOf(() => Promise.reject(new Error('later'))),
        1,
      ),
    )
    await new Promise((resolve) => setTimeout(resolve, 5))
    process.off('unhandledRejection', listen)
    expect(seen).to.deep.equal([])
  })

  it('does not take an output that has a then field for a promise', () => {
    const value: unknown = JSON.parse('{"then":"a field"}')
    expect(
      validateSync(
        schemaOf((v) => ({ value: v })),
        value,
      ),
    ).to.equal(value)
  })

  for (const result of [undefined, null, 5, 'text', {}]) {
    it(`says so when a schema answers with ${JSON.stringify(result)}`, () => {
      expect(
        refusal(() =>
          checkSchema(
            schemaOf(() => result),
            1,
          ),
        ).code,
      ).to.equal('MILLRACE_CONFIG')
    })
  }

  it('refuses the record when the schema throws', () => {
    const error = refusal(() =>
      checkSchema(
        schemaOf(() => {
          throw new TypeError('boom')
        }),
        1,
      ),
    )
    expect(error.code).to.equal('MILLRACE_DECODE')
    expect(error.message).to.contain('boom')
  })

  it('knows a schema, callable ones included, from an options object', () => {
    const callable = Object.assign(
      () => 1,
      schemaOf((value) => ({ value })),
    )
    expect([
      isSchema(Order),
      isSchema(callable),
      isSchema({ bytesMax: 1 }),
      isSchema(undefined),
      isSchema(null),
    ]).to.deep.equal([true, true, false, false, false])
  })
})

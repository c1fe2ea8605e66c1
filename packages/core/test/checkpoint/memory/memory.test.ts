/** The memory checkpoint: the conformance suite, and what is its own. */
import { expect } from 'chai'
import { memory, MemoryStore } from '../../../src/checkpoint/memory/index.ts'
import { objectStoreSuite } from '../../../src/testing/conformance/object-store.ts'
import { contextIn } from '../context.ts'

describe('memory checkpoint', () => {
  describe('passes the conformance suite of object stores', () => {
    const suite = objectStoreSuite(async () => {
      const store = new MemoryStore()
      return { store, reopen: async () => store, dispose: () => store.close() }
    })
    for (const c of suite) it(c.title, c.run)
  })

  it('gives a restarted app of the same process its records', async () => {
    const spec = memory()
    const first = await spec.open(contextIn('/nowhere'))
    await first.create('a', Uint8Array.of(1))
    await first.close()
    const second = await spec.open(contextIn('/nowhere'))
    expect((await second.get('a'))?.bytes).to.deep.equal(Uint8Array.of(1))
  })

  it('shares nothing between two specs', async () => {
    const first = await memory().open(contextIn('/nowhere'))
    await first.create('a', Uint8Array.of(1))
    expect(await (await memory().open(contextIn('/nowhere'))).list('')).to.deep.equal([])
  })

  it('is frozen data that keeps its options', () => {
    const spec = memory({ every: '250ms' })
    expect(spec).to.deep.include({ kind: 'millrace.checkpoint', type: 'memory' })
    expect(spec.options).to.deep.equal({ every: '250ms' })
    expect(Object.isFrozen(spec) && Object.isFrozen(spec.options)).to.equal(true)
  })

  it('refuses impossible options where they are written', () => {
    expect(() => memory({ every: '-1s' }))
      .to.throw()
      .with.property('code', 'MILLRACE_DURATION')
  })
})

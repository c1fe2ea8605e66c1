/** The suites of deciders and outlets, on those of core, and on deciders that break the contract in one point each. */
import { expect } from 'chai'
import { byLog } from '../../src/log/decider.ts'
import type { Decider } from '../../src/log/decider.ts'
import { MemoryLog } from '../../src/log/memory/index.ts'
import type { ConformanceCase } from '../../src/testing/conformance/conformance.ts'
import { deciderSuite } from '../../src/testing/conformance/decider.ts'
import type { DeciderSubject, DeciderSupport } from '../../src/testing/conformance/decider.ts'
import { outletSuite } from '../../src/testing/conformance/outlet.ts'
import { visibleIn } from '../log/memory/visible.ts'

const fullAtRows = 50
const cluster: DeciderSupport = {
  decides: 'cluster',
  losesAnswers: true,
  landsLate: true,
  fullAtRows,
}

function memorySubject(spoil?: (decider: Decider) => Decider): () => Promise<DeciderSubject> {
  return () => {
    const log = new MemoryLog({ outletRowsMax: fullAtRows })
    log.create('out', 2)
    return Promise.resolve({
      decider: (task) => {
        const decider = log.decider({ subTopology: 'conformance', task })
        return spoil?.(decider) ?? decider
      },
      topic: 'out',
      visible: (partition) => visibleIn(log, 'out', partition),
      loseAnswer: (how) => log.loseAnswer(how),
      land: () => log.land(),
      dispose: () => Promise.resolve(),
    })
  }
}

function byLogSubject(): Promise<DeciderSubject> {
  return Promise.resolve({
    decider: () => byLog,
    topic: '',
    visible: () => Promise.resolve([]),
    dispose: () => Promise.resolve(),
  })
}

function run(name: string, cases: readonly ConformanceCase[]): void {
  describe(name, () => {
    for (const { title, run } of cases) it(title, run)
  })
}

describe('conformance of deciders', () => {
  run('by log: Decider', deciderSuite(byLogSubject, { decides: 'log' }))
  run('memory: Decider', deciderSuite(memorySubject(), cluster))
  run('memory: Outlet', outletSuite(memorySubject(), cluster))

  const broken: readonly [string, (decider: Decider) => Decider, string][] = [
    [
      'believes that silence is consent',
      (decider) =>
        over(decider, {
          decide: async () => {
            const decision = await decider.decide()
            return decision === 'unknown' ? 'decided' : decision
          },
        }),
      'says unknown without an answer, and the next open names it if it was decided',
    ],
    [
      'forgets the head',
      (decider) =>
        over(decider, {
          open: async () => {
            await decider.open()
            return 'missing'
          },
        }),
      'shows rows and head with the decision, and neither before',
    ],
    [
      'decides when it should prepare',
      (decider) => {
        const prepare: Decider['prepare'] = async (commit) => {
          await decider.prepare(commit)
          await decider.decide()
        }
        return over(decider, { prepare, decide: () => Promise.resolve('decided') })
      },
      'shows rows and head with the decision, and neither before',
    ],
    [
      'does not abort when it closes',
      (decider) => over(decider, { close: () => Promise.resolve() }),
      'lets readers pass its rows with close, before anyone opens anew',
    ],
  ]
  for (const [fault, spoil, title] of broken) {
    it(`finds a decider that ${fault}`, async () => {
      const found = deciderSuite(memorySubject(spoil), cluster).find((c) => c.title === title)
      const error: unknown = await found!.run().then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(error).to.have.property('name', 'ConformanceError')
    })
  }

  it('finds an outlet that takes no notice of a freeze', async () => {
    const deaf = memorySubject((decider) => {
      const { outlet } = decider
      let frozen = false
      return over(decider, {
        outlet: {
          append: (...row) => outlet!.append(...row),
          drained: (signal) => outlet!.drained(signal),
          freeze: () => {
            frozen = true
          },
        },
        prepare: async (commit) => {
          if (frozen) outlet!.freeze()
          await decider.prepare(commit)
        },
      })
    })
    const title = 'gives rows appended behind a freeze to the next commit'
    const found = outletSuite(deaf, cluster).find((c) => c.title === title)
    const error: unknown = await found!.run().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).to.have.property('name', 'ConformanceError')
  })
})

function over(decider: Decider, changed: Partial<Decider>): Decider {
  return {
    open: () => decider.open(),
    begin: () => decider.begin(),
    prepare: (commit) => decider.prepare(commit),
    decide: () => decider.decide(),
    abort: () => decider.abort(),
    outlet: decider.outlet,
    close: () => decider.close(),
    ...changed,
  }
}

/** What readers of a memory log see of its transactions, and how lax its coordinator is. */
import { expect } from 'chai'
import { MemoryLog } from '../../../src/log/memory/index.ts'
import { Coordinator } from '../../../src/log/memory/coordinator.ts'
import { visibleIn } from './visible.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const row = (value: string) => ({ key: null, value: bytes(value), timestamp: 1 })

async function seen(log: MemoryLog): Promise<(string | null)[]> {
  return (await visibleIn(log, 'rows', 0)).map(({ value }) => value)
}

describe('transactions of a memory log', () => {
  let log: MemoryLog
  beforeEach(() => {
    log = new MemoryLog()
    log.create('rows', 1)
  })

  it('holds readers in front of the first undecided row, and lets them on behind its end', async () => {
    const decider = log.decider({ subTopology: 's', task: '0' })
    await decider.open()
    await decider.begin()
    decider.outlet!.append('rows', 0, null, bytes('a'), 1)
    log.append('rows:0', [row('b')])
    expect(await seen(log)).to.deep.equal([])
    expect([...(await log.admin.ends('rows')).values()]).to.deep.equal(['0'])
    await decider.close()
    expect(await seen(log)).to.deep.equal(['b'])
    expect([...(await log.admin.ends('rows')).values()]).to.deep.equal(['3'])
  })

  it('moves the position over rows that were aborted, without a row', async () => {
    const port = log.source('rows')
    await port.open(log.splitsOf('rows')[0]!.split, 'earliest')
    const decider = log.decider({ subTopology: 's', task: '0' })
    await decider.open()
    await decider.begin()
    decider.outlet!.append('rows', 0, null, bytes('a'), 1)
    expect(port.poll(10)).to.equal(undefined)
    expect(port.caughtUp('rows:0')).to.equal(true)
    await decider.abort()
    expect(port.caughtUp('rows:0')).to.equal(false)
    await port.ready(new AbortController().signal)
    expect(port.poll(10)).to.include({ length: 0, next: '2' })
    expect(port.caughtUp('rows:0')).to.equal(true)
  })

  // What the owners guard against: without these traps the suites would pass owners that a real broker punishes.
  it('commits what is open when a late end of the same epoch arrives', async () => {
    const coordinator = new Coordinator(() => {})
    const epoch = coordinator.init('t')
    const [split] = log.splitsOf('rows')
    coordinator.begin('t', epoch)
    const late = () => coordinator.end('t', epoch, true)
    expect(late()).to.equal('ok')
    coordinator.begin('t', epoch)
    coordinator.append('t', epoch, split!, row('half'))
    expect(late()).to.equal('ok')
    expect(await seen(log)).to.deep.equal(['half'])
  })

  it('shows a row at once that was sent outside of a transaction', async () => {
    const coordinator = new Coordinator(() => {})
    const epoch = coordinator.init('t')
    coordinator.append('t', epoch, log.splitsOf('rows')[0]!, row('stray'))
    expect(await seen(log)).to.deep.equal(['stray'])
  })
})

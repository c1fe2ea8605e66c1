import { expect } from 'chai'
import { Wakeup } from '../../src/log/wakeup.ts'

const never = new AbortController().signal

describe('Wakeup', () => {
  it('remembers one wake that nobody waited for', async () => {
    const wakeup = new Wakeup()
    wakeup.wake()
    wakeup.wake()
    await wakeup.wait(never, false)
    let woken = false
    const waits = wakeup.wait(never, false).then(() => (woken = true))
    await Promise.resolve()
    expect(woken).to.equal(false)
    wakeup.wake()
    await waits
  })

  it('does not lose a wake to an aborted wait', async () => {
    const wakeup = new Wakeup()
    const controller = new AbortController()
    const waits = wakeup.wait(controller.signal, false)
    controller.abort()
    await waits
    await wakeup.wait(controller.signal, false)
    wakeup.wake()
    await wakeup.wait(never, false)
  })

  it('gives the first error to the waiter and to all who come later', async () => {
    const wakeup = new Wakeup()
    const waits = wakeup.wait(never, false).catch((error: Error) => error.message)
    wakeup.fail(new Error('first'))
    wakeup.fail(new Error('second'))
    expect(await waits).to.equal('first')
    expect(await wakeup.wait(never, true).catch((error: Error) => error.message)).to.equal('first')
  })

  it('refuses a second waiter', async () => {
    const wakeup = new Wakeup()
    const first = wakeup.wait(never, false)
    expect(await wakeup.wait(never, false).catch((error: { code: string }) => error.code)).to.equal(
      'MILLRACE_LIFECYCLE',
    )
    wakeup.wake()
    await first
  })
})

/** Dead letters as lines: every field that was known, and the very bytes of the row. */
import { createApp, embedded, json, memory, openEmbedded, realEnv } from '@millrace/core'
import type { Rejected } from '@millrace/core'
import { expect } from 'chai'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { deadLetters, ndjson } from '../../src/ndjson/index.ts'
import type { DeadLetter } from '../../src/ndjson/index.ts'
import { at, filesIn, inTempDir, linesIn, openPort, staged } from './subject.ts'

const rejected: Rejected = {
  error: 'amount: expected number',
  code: 'MILLRACE_DECODE',
  node: 'txns.validate',
  task: 'txns/0',
  time: undefined,
  key: 'u1',
  source: 'txns',
  split: 'txns:0',
  position: '12',
  bytes: Buffer.from('{"amount":"ü"}'),
}

describe('deadLetters', () => {
  it('writes text for bytes that are UTF-8, and leaves out what is unknown', () =>
    inTempDir(async (dir) => {
      const port = await openPort(deadLetters(dir))
      const bare: Rejected = {
        ...rejected,
        key: null,
        source: undefined,
        split: undefined,
        position: undefined,
        bytes: undefined,
        time: 5,
      }
      await port.publish(staged(port, rejected, bare), at(1))
      const { error, code, node, task } = rejected
      expect(await linesIn(dir)).to.deep.equal([
        {
          error,
          code,
          node,
          task,
          key: 'u1',
          source: 'txns',
          split: 'txns:0',
          position: '12',
          text: '{"amount":"ü"}',
        },
        { error, code, node, task, time: 5 },
      ])
    }))

  it('gives any bytes back exactly', () =>
    inTempDir(async (dir) => {
      const payloads = ['', '\ufeffmark', '\0', 'a\nb'].map((text) => Buffer.from(text))
      payloads.push(
        Buffer.from([0xff, 0xfe, 0]),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from([0xc3]),
      )
      const port = await openPort(deadLetters(dir))
      const slices = payloads.map((bytes) =>
        Buffer.concat([Buffer.from('<'), bytes, Buffer.from('>')]).subarray(1, -1),
      )
      await port.publish(staged(port, ...slices.map((bytes) => ({ ...rejected, bytes }))), at(1))
      const letters = (await linesIn(dir)) as DeadLetter[]
      expect(
        letters.map(({ text, base64 }) =>
          Buffer.from(text ?? base64!, text === undefined ? 'base64' : 'utf8'),
        ),
      ).to.deep.equal(payloads)
      expect(letters.map(({ text }) => text === undefined)).to.deep.equal([
        false,
        false,
        false,
        false,
        true,
        true,
        true,
      ])
    }))

  it('never fails for the key of a row', () =>
    inTempDir(async (dir) => {
      const cycle: Record<string, unknown> = {}
      cycle['self'] = cycle
      const port = await openPort(deadLetters(dir))
      const keys = [1n, cycle, Symbol('s'), ['a', 1]]
      await port.publish(staged(port, ...keys.map((key) => ({ ...rejected, key }))), at(1))
      const written = ((await linesIn(dir)) as DeadLetter[]).map(({ key }) => key)
      expect(written).to.deep.equal(['1', '[object Object]', 'Symbol(s)', ['a', 1]])
    }))
})

describe('ndjson in an app', () => {
  const Order = z.object({ id: z.number() })

  it('writes good rows and dead letters once, over a restart', function () {
    this.timeout(20_000)
    return inTempDir(async (dir) => {
      const orders = embedded('orders', { value: json(), partitions: 2 })
      const out = join(dir, 'out')
      const invalid = join(dir, 'invalid')
      const checkpoint = memory({ every: '20ms' })
      const run = async (): Promise<void> => {
        const app = createApp({ id: 'shop', dir, checkpoint, env: realEnv({ log: () => {} }) })
        app
          .stream(orders)
          .validate(Order, { invalid: deadLetters(invalid) })
          .to(ndjson(out))
        await app.run({ until: 'caught-up' })
      }
      const log = await openEmbedded({ dir })
      const append = (values: readonly unknown[]): Promise<unknown> =>
        log.append(
          orders,
          values.map((value, i) => ({ key: `k${i}`, value, timestamp: i })),
        )

      await append([{ id: 1 }, { id: 'two' }, { id: 3 }])
      await run()
      await append([{ id: 4 }, { no: 5 }])
      await run()
      await log.close()

      const ids = ((await linesIn(out)) as { id: number }[]).map(({ id }) => id)
      expect(ids).to.have.members([1, 3, 4])
      const letters = (await linesIn(invalid)) as DeadLetter[]
      expect(letters.map(({ text }) => text)).to.have.members(['{"id":"two"}', '{"no":5}'])
      for (const letter of letters) {
        expect(letter.error).to.include('id: ')
        expect(letter).to.include({
          source: 'orders',
          node: 'orders.validate',
          code: 'MILLRACE_DECODE',
        })
        expect(letter.position).to.match(/^\d+$/)
      }
    })
  })

  it('stops with the reason when another app wrote to the directory', function () {
    this.timeout(20_000)
    return inTempDir(async (dir) => {
      const orders = embedded('orders', { value: json(Order), partitions: 1 })
      const out = join(dir, 'out')
      const run = async (id: string): Promise<unknown> => {
        const app = createApp({ id, dir, checkpoint: memory(), env: realEnv({ log: () => {} }) })
        app.stream(orders).to(ndjson(out))
        return await app.run({ until: 'caught-up' }).catch((error: unknown) => error)
      }
      const log = await openEmbedded({ dir })
      await log.append(orders, [{ key: 'k', value: { id: 1 }, timestamp: 0 }])
      await run('one')
      const [file] = await filesIn(out)
      await log.append(orders, [{ key: 'k', value: { id: 2 }, timestamp: 0 }])
      await log.close()
      expect(await run('two')).to.have.property('code', 'MILLRACE_CONFIG')
      expect(await linesIn(out)).to.deep.equal([{ id: 1 }])
      await rename(join(out, file!), join(dir, 'kept'))
      expect(await run('three')).not.to.be.instanceOf(Error)
      expect(await linesIn(out)).to.deep.equal([{ id: 1 }, { id: 2 }])
    })
  })
})

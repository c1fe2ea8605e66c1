/** Ports for servers: free, below those of outgoing connections, never the same one twice. */

import { once } from 'node:events'
import { createServer } from 'node:net'
import { assert } from 'chai'
import { freePorts } from './ports.ts'

describe('the ports for servers', () => {
  it('are free, and lie below those that outgoing connections use', async () => {
    for (const port of await freePorts(3)) {
      assert.isAtLeast(port, 20_000)
      assert.isBelow(port, 32_768)
      const server = createServer().listen(port, '127.0.0.1')
      await once(server, 'listening')
      server.close()
      await once(server, 'close')
    }
  })

  it('are not handed out twice, even to those who ask at once', async () => {
    const ports = (await Promise.all([freePorts(4), freePorts(4), freePorts(4)])).flat()
    assert.equal(new Set(ports).size, 12)
  })

  it('leave out one that is taken', async () => {
    const [last] = await freePorts(1)
    const server = createServer().listen(last! + 1, '127.0.0.1')
    // It listens, or somebody else already does.
    await Promise.race([once(server, 'listening'), once(server, 'error')])
    const [next] = await freePorts(1)
    assert.notEqual(next, last! + 1)
    server.close()
  })
})

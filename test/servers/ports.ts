/**
 * Loopback ports for servers that are told their port. They lie below the range from which
 * systems take the local port of an outgoing connection (32768 and up on Linux, 49152 on macOS),
 * for two reasons. A client that keeps dialling a dead broker on a port of that range would at
 * some point be given the same port as its own end, and be connected to itself. And a server that
 * is killed and started again must find its port still free.
 *
 * A port is free when it can be bound, and nobody can hold it until the server does. So that
 * processes side by side do not choose the same one in between, each begins its search at a place
 * given by its process id, and never hands out a port twice.
 */

import { createServer } from 'node:net'

const first = 20_000
const count = 12_000
const blockSize = 32

let searched = 0

export async function freePorts(wanted: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < wanted) {
    if (searched === count) throw new Error(`all ports from ${first} to ${first + count} are taken`)
    const port = first + ((process.pid * blockSize + searched++) % count)
    if (await canBind(port)) ports.push(port)
  }
  return ports
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

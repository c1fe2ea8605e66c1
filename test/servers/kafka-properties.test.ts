/** The settings of a cluster as data: what Kafka makes of them shows in the smoke test. */

import { assert } from 'chai'
import { formatProperties, newClusterId, nodeProperties } from './kafka-properties.ts'
import type { KafkaNode } from './kafka-properties.ts'

const node = (id: number): KafkaNode => ({
  id,
  port: 20_000 + id,
  controllerPort: 20_010 + id,
  folder: `/data/${id}`,
})

describe('the settings of a Kafka node', () => {
  it('are those of broker and controller in one, bound to the loopback interface', () => {
    const properties = nodeProperties(node(0), [node(0)])
    assert.include(properties, {
      'process.roles': 'broker,controller',
      'node.id': 0,
      'controller.quorum.voters': '0@127.0.0.1:20010',
      listeners: 'PLAINTEXT://127.0.0.1:20000,CONTROLLER://127.0.0.1:20010',
      'advertised.listeners': 'PLAINTEXT://127.0.0.1:20000',
      'log.dirs': '/data/0/log',
    })
  })

  it('name every node of the cluster as a voter', () => {
    const properties = nodeProperties(node(1), [node(0), node(1), node(2)])
    const voters = '0@127.0.0.1:20010,1@127.0.0.1:20011,2@127.0.0.1:20012'
    assert.include(properties, { 'node.id': 1, 'controller.quorum.voters': voters })
  })

  for (const { nodes, replicas, inSyncMin } of [
    { nodes: [node(0)], replicas: 1, inSyncMin: 1 },
    { nodes: [node(0), node(1), node(2)], replicas: 3, inSyncMin: 2 },
  ]) {
    it(`keep ${replicas} replicas of everything on ${nodes.length}, ${inSyncMin} in sync`, () => {
      const properties = Object.entries(nodeProperties(node(0), nodes))
      const values = (pattern: RegExp): unknown[] =>
        properties.filter(([key]) => pattern.test(key)).map(([, value]) => value)
      assert.deepEqual(values(/replication\.factor$/), Array.from({ length: 4 }).fill(replicas))
      assert.deepEqual(values(/min\.(isr|insync)/), Array.from({ length: 3 }).fill(inSyncMin))
    })
  }

  it('create no topic by accident', () => {
    assert.include(nodeProperties(node(0), [node(0)]), { 'auto.create.topics.enable': false })
  })
})

describe('a properties file', () => {
  for (const { value, line } of [
    { value: 'PLAINTEXT://127.0.0.1:20000,A=B', line: 'key=PLAINTEXT://127.0.0.1:20000,A=B\n' },
    { value: 5, line: 'key=5\n' },
    { value: false, line: 'key=false\n' },
    { value: '', line: 'key=\n' },
    { value: ' a b', line: 'key=\\ a b\n' },
    { value: 'C:\\data', line: 'key=C:\\\\data\n' },
    { value: 'a\nb', line: 'key=a\\nb\n' },
    { value: '/tmp/Größe', line: 'key=/tmp/Gr\\u00f6\\u00dfe\n' },
  ]) {
    it(`holds ${JSON.stringify(value)} so that Java reads it back`, () => {
      assert.equal(formatProperties({ key: value }), line)
    })
  }

  it('has a line for each setting, in the order given', () => {
    assert.equal(formatProperties({ b: 1, a: 'x' }), 'b=1\na=x\n')
  })
})

describe('a cluster id', () => {
  it('is 16 bytes as Kafka writes them, and never looks like an option', () => {
    for (const random of [new Uint8Array(15), new Uint8Array(15).fill(0xff), undefined]) {
      const id = newClusterId(random)
      assert.match(id, /^k[\w-]{20}A$/)
      const bytes = Buffer.from(id, 'base64url')
      assert.equal(bytes.length, 16)
      assert.equal(bytes.toString('base64url'), id)
    }
  })

  it('is another one for each cluster', () => {
    assert.notEqual(newClusterId(), newClusterId())
  })
})

/** A real broker can be had, and a client reads back from it what it wrote, in order. */

import { randomUUID } from 'node:crypto'
import { assert } from 'chai'
import type { EachMessagePayload, Kafka } from 'kafkajs'
import { createTopic, kafkaClient, kafkaProducer } from './servers/kafka-client.ts'
import type { KafkaCluster } from './servers/kafka.ts'
import { sharedKafka } from './servers/shared-kafka.ts'
import { skipUnless } from './servers/shared-server.ts'

interface Row {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: number
}

const rowCount = 1_000
const keyCount = 17
const partitionCount = 3

describe('a Kafka broker, through KafkaJS', function () {
  this.timeout(60_000)

  const broker = sharedKafka()
  const topic = `smoke-${randomUUID()}`
  let cluster: KafkaCluster
  let kafka: Kafka

  before(async function () {
    cluster = await skipUnless(this, broker)
    kafka = kafkaClient(cluster)
  })

  it('gives back 1,000 keyed rows, those of each partition in the order written', async () => {
    await createTopic(cluster, { topic, numPartitions: partitionCount })
    await write()
    const rows = await readBack()

    const written = Array.from({ length: rowCount }, (_, value) => value)
    assert.deepEqual(
      rows.map(({ value }) => value).sort((a, b) => a - b),
      written,
    )
    const partitionOfKey = new Map(rows.map(({ key, partition }) => [key, partition]))
    assert.equal(new Set(partitionOfKey.values()).size, partitionCount, 'a partition is empty')
    for (let partition = 0; partition < partitionCount; partition++) {
      const arrived = rows.filter((row) => row.partition === partition)
      const expected = written.filter((value) => partitionOfKey.get(keyOf(value)) === partition)
      assert.deepEqual(
        arrived.map(({ key, value }) => ({ key, value })),
        expected.map((value) => ({ key: keyOf(value), value })),
      )
      assert.deepEqual(
        arrived.map(({ offset }) => offset),
        [...expected.keys()],
      )
    }
  })

  async function write(): Promise<void> {
    const producer = kafkaProducer(kafka)
    await producer.connect()
    for (let from = 0; from < rowCount; from += 100) {
      const messages = Array.from({ length: 100 }, (_, i) => ({
        key: keyOf(from + i),
        value: String(from + i),
      }))
      await producer.send({ topic, messages })
    }
    await producer.disconnect()
  }

  async function readBack(): Promise<Row[]> {
    const rows: Row[] = []
    const consumer = kafka.consumer({ groupId: `smoke-${randomUUID()}` })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
      const eachMessage = ({ partition, message }: EachMessagePayload): Promise<void> => {
        const { key, value, offset } = message
        rows.push({ partition, offset: Number(offset), key: String(key), value: Number(value) })
        if (rows.length === rowCount) resolve()
        return Promise.resolve()
      }
      consumer.run({ eachMessage }).catch(reject)
    })
    await consumer.disconnect()
    return rows
  }
})

function keyOf(value: number): string {
  return `key-${value % keyCount}`
}

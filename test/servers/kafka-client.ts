/**
 * What tests do to a broker with KafkaJS, round its rough edges: a client that prints errors only,
 * topics that are there when the call returns, coordinators that answer.
 */

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import type { Admin, ITopicConfig, KafkaConfig, Producer, ProducerConfig } from 'kafkajs'
import type { KafkaCluster } from './kafka.ts'

export function kafkaClient(cluster: KafkaCluster, config: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({ brokers: cluster.bootstrap, logLevel: logLevel.ERROR, ...config })
}

/** Naming the partitioner keeps KafkaJS from warning that its default is no longer that of 1.x. */
export function kafkaProducer(kafka: Kafka, config: ProducerConfig = {}): Producer {
  return kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, ...config })
}

/**
 * Resolves when every partition has its leader, all its replicas in sync, and serves. KafkaJS's
 * own `waitForLeaders` throws when the node it asks has not heard of the topic yet, and returns
 * before the leader knows that it is one.
 */
export async function createTopic(cluster: KafkaCluster, topic: ITopicConfig): Promise<void> {
  await withAdmin(cluster, (admin) =>
    admin.createTopics({ waitForLeaders: false, topics: [topic] }),
  )
  await untilInSync(cluster, topic.topic)
}

/** Also what to wait for after a node was restarted and before the next one is taken down. */
export async function untilInSync(
  cluster: KafkaCluster,
  topic: string,
  withinMs = 30_000,
): Promise<void> {
  await withAdmin(cluster, (admin) =>
    persist(withinMs, async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      const partitions = topics[0]?.partitions ?? []
      const inSync = partitions.filter((p) => p.leader >= 0 && p.isr.length === p.replicas.length)
      if (partitions.length === 0 || inSync.length < partitions.length) {
        throw new Error(`${inSync.length} of ${partitions.length} partitions of ${topic} in sync`)
      }
      // Metadata comes from the controller's log. A leader that has not read it that far answers
      // a Produce with NOT_LEADER, and KafkaJS then sends again what other partitions have taken.
      // It answers ListOffsets likewise, so this asks each leader.
      await admin.fetchTopicOffsets(topic)
    }),
  )
}

/**
 * The first group and the first transaction of a cluster make it create its internal topics, and
 * until those are there it answers both with errors, not all of which KafkaJS retries. After this
 * the coordinators answer, so that a suite meets such errors only where it is about them.
 */
export async function warmUp(cluster: KafkaCluster, withinMs = 30_000): Promise<void> {
  const id = `warm-up-${randomUUID()}`
  await withAdmin(cluster, (admin) => persist(withinMs, () => admin.fetchOffsets({ groupId: id })))
  const producer = kafkaProducer(quietClient(cluster), { transactionalId: id })
  try {
    await producer.connect()
    await persist(withinMs, async () => (await producer.transaction()).abort())
  } finally {
    await producer.disconnect()
  }
}

/** What goes wrong on the way is tried again, and is no news. */
function quietClient(cluster: KafkaCluster): Kafka {
  return kafkaClient(cluster, { logLevel: logLevel.NOTHING })
}

async function withAdmin(
  cluster: KafkaCluster,
  work: (admin: Admin) => Promise<unknown>,
): Promise<void> {
  const admin = quietClient(cluster).admin()
  try {
    await admin.connect()
    await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Tries again whatever goes wrong, until it goes well; the last failure is the one thrown. */
async function persist(withinMs: number, attempt: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    try {
      await attempt()
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(50)
    }
  }
}

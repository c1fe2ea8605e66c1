/**
 * The settings of a Kafka cluster for tests, as text: pure. Small (few internal partitions, small
 * buffers), quick (no wait before a group's first rebalance), strict (no topic by accident), and
 * otherwise Kafka's own defaults, since a test is about those.
 */

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

export type Properties = Readonly<Record<string, string | number | boolean>>

export interface KafkaNode {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
  /** Its data is in `log` there. */
  readonly folder: string
}

/** The settings of one node; `nodes` are all nodes of the cluster, itself among them. */
export function nodeProperties(node: KafkaNode, nodes: readonly KafkaNode[]): Properties {
  const client = `PLAINTEXT://127.0.0.1:${node.port}`
  const replicas = Math.min(3, nodes.length)
  const inSyncMin = replicas === 3 ? 2 : 1
  return {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': nodes
      .map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`)
      .join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: `${client},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': client,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(node.folder, 'log'),
    'default.replication.factor': replicas,
    'min.insync.replicas': inSyncMin,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 5,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSyncMin,
    'transaction.state.log.num.partitions': 5,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSyncMin,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    'log.cleaner.dedupe.buffer.size': 4 * 1024 * 1024,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'num.recovery.threads.per.data.dir': 1,
  }
}

/** A Java properties file. It is read as Latin-1, and a backslash in it begins an escape. */
export function formatProperties(properties: Properties): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${escape(String(value))}\n`)
    .join('')
}

function escape(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/^ /, '\\ ')
}

/**
 * 22 characters of base64url, which is how Kafka writes 16 bytes. `k` comes first because a
 * leading `-` would be taken for an option, `A` last because the last character holds two bits.
 */
export function newClusterId(random: Uint8Array = randomBytes(15)): string {
  return `k${Buffer.from(random).toString('base64url')}A`
}

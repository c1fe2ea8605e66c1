/**
 * Apache Kafka (KRaft) for tests: one or three nodes on the loopback interface, each a Java
 * process that is broker and controller at once. Needs Java 17, and Maven for the first run.
 *
 * Without `dir` the data is thrown away by `stop`, at the latest when this process is gone. In a
 * given `dir` it stays, and the next start there goes on with it, on other ports. Either way no
 * node outlives this process.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { requireJava } from './java.ts'
import { kafkaJars } from './kafka-jars.ts'
import { formatStorage, type KafkaInstallation, startNode, writeProperties } from './kafka-node.ts'
import {
  type KafkaNode,
  newClusterId,
  nodeProperties,
  type Properties,
} from './kafka-properties.ts'
import { freePorts } from './ports.ts'
import type { ServerProcess } from './process.ts'
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts'

export interface KafkaOptions {
  /** Default: MILLRACE_KAFKA_VERSION, or 4.1.1. */
  readonly version?: string
  readonly brokers?: 1 | 3
  /** Where the data lives and stays. Default: a temporary folder. */
  readonly dir?: string
  /** Laid over the settings of every node; as a function, over those of each. */
  readonly extraProperties?: Properties | ((node: KafkaNode) => Properties)
  /** Feature levels of a new cluster, for 4.x: `{ 'transaction.version': 0 }`. */
  readonly features?: Readonly<Record<string, number>>
}

export interface KafkaCluster {
  readonly version: string
  /** `host:port` of each node, in the order of their ids, which are 0, 1, 2. */
  readonly bootstrap: string[]
  readonly dir: string
  /** Ends all nodes: with SIGTERM where the data stays, with SIGKILL where it is thrown away. */
  stop(): Promise<void>
  /** SIGKILL to one node; resolves when it is gone. */
  kill(node: number): Promise<void>
  /** SIGSTOP to one node: it accepts connections and answers nothing. Thaw it in `finally`. */
  freeze(node: number): void
  thaw(node: number): void
  /** Starts one node again with its data, on its ports; one that still runs is stopped first. */
  restart(node: number): Promise<void>
}

/** Resolves when every node is ready; throws ServerUnavailable where Kafka cannot be had. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const version = options.version ?? process.env['MILLRACE_KAFKA_VERSION'] ?? '4.1.1'
  const installation = { java: await requireJava('Kafka broker'), jars: await kafkaJars(version) }
  const temporary = options.dir === undefined ? temporaryFolder('millrace-kafka-') : undefined
  const dir = temporary?.path ?? resolve(options.dir!)
  const nodes = await layOut(dir, options.brokers ?? 1)
  const cluster = new Cluster(version, dir, nodes, installation, temporary)
  try {
    await prepare(nodes, installation, clusterIdOf(dir), options)
    await cluster.start()
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

async function layOut(dir: string, brokers: number): Promise<KafkaNode[]> {
  const ports = await freePorts(2 * brokers)
  return Array.from({ length: brokers }, (_, id) => ({
    id,
    port: ports[2 * id]!,
    controllerPort: ports[2 * id + 1]!,
    folder: join(dir, String(id)),
  }))
}

function clusterIdOf(dir: string): string {
  const file = join(dir, 'cluster-id')
  if (existsSync(file)) return readFileSync(file, 'utf8')
  const id = newClusterId()
  mkdirSync(dir, { recursive: true })
  writeFileSync(file, id)
  return id
}

async function prepare(
  nodes: readonly KafkaNode[],
  installation: KafkaInstallation,
  clusterId: string,
  { extraProperties = {}, features = {} }: KafkaOptions,
): Promise<void> {
  for (const node of nodes) {
    const extra = typeof extraProperties === 'function' ? extraProperties(node) : extraProperties
    writeProperties(node, { ...nodeProperties(node, nodes), ...extra })
  }
  await Promise.all(nodes.map((node) => formatStorage(installation, node, clusterId, features)))
}

class Cluster implements KafkaCluster {
  readonly version: string
  readonly dir: string
  readonly bootstrap: string[]
  readonly #nodes: readonly KafkaNode[]
  readonly #installation: KafkaInstallation
  /** Undefined where the data stays. */
  readonly #temporary: TemporaryFolder | undefined
  readonly #processes = new Map<number, ServerProcess>()

  constructor(
    version: string,
    dir: string,
    nodes: readonly KafkaNode[],
    installation: KafkaInstallation,
    temporary: TemporaryFolder | undefined,
  ) {
    this.version = version
    this.dir = dir
    this.bootstrap = nodes.map(({ port }) => `127.0.0.1:${port}`)
    this.#nodes = nodes
    this.#installation = installation
    this.#temporary = temporary
  }

  /** All nodes at once: none is ready before most of them are up. */
  async start(): Promise<void> {
    const started = await Promise.allSettled(this.#nodes.map(({ id }) => this.restart(id)))
    for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason
  }

  async stop(): Promise<void> {
    const processes = [...this.#processes.values()]
    await Promise.all(processes.map((node) => (this.#temporary ? node.kill() : node.stop())))
    await this.#temporary?.remove()
  }

  async kill(node: number): Promise<void> {
    await this.#process(node).kill()
  }

  freeze(node: number): void {
    this.#process(node).freeze()
  }

  thaw(node: number): void {
    this.#process(node).thaw()
  }

  async restart(node: number): Promise<void> {
    const known = this.#nodes[node]
    if (known === undefined) throw new RangeError(`there is no Kafka node ${node}`)
    await this.#processes.get(node)?.stop()
    this.#processes.set(node, await startNode(this.#installation, known))
  }

  #process(node: number): ServerProcess {
    const server = this.#processes.get(node)
    if (server === undefined) throw new RangeError(`there is no Kafka node ${node}`)
    return server
  }
}

/**
 * One node of a Kafka cluster: a folder, and a Java process that works in it.
 *
 *     <folder>/server.properties
 *     <folder>/server.log
 *     <folder>/pid                 while it runs
 *     <folder>/log/                topics and the metadata log; formatted once
 */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatProperties, type KafkaNode, type Properties } from './kafka-properties.ts'
import { lastLines } from './log-file.ts'
import { refuseSecond, type ServerProcess, startProcess } from './process.ts'
import { runToEnd } from './run-to-end.ts'

export interface KafkaInstallation {
  readonly java: string
  /** The folder of the jars. */
  readonly jars: string
}

const jvmFlags = [
  '-Xms64m',
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-Djava.awt.headless=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  // The one logger at info prints the line that says ready.
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
  '-Dlog4j2.disable.jmx=true',
  '-Dlog4j.statusLogger.level=OFF',
]

/** The command line of a class of Kafka; the JVM expands the star to all jars of the folder. */
function javaArgs({ jars }: KafkaInstallation, name: string, ...args: string[]): string[] {
  return [...jvmFlags, '-cp', join(jars, '*'), name, ...args]
}

export function writeProperties(node: KafkaNode, properties: Properties): void {
  refuseSecond({ name: nameOf(node), pidFile: pidFile(node) })
  mkdirSync(node.folder, { recursive: true })
  writeFileSync(propertiesFile(node), formatProperties(properties))
}

/** Makes the data folder of a node, once; one that is there stays as it is. */
export async function formatStorage(
  kafka: KafkaInstallation,
  node: KafkaNode,
  clusterId: string,
  features: Readonly<Record<string, number>>,
): Promise<void> {
  if (existsSync(join(node.folder, 'log', 'meta.properties'))) return
  const levels = Object.entries(features).flatMap(([name, level]) => ['-f', `${name}=${level}`])
  const command = ['format', '-t', clusterId, '-c', propertiesFile(node), ...levels]
  const args = javaArgs(kafka, 'kafka.tools.StorageTool', ...command)
  const { failure, output } = await runToEnd(kafka.java, args, { withinMs: 60_000 })
  if (failure === undefined) return
  const tail = lastLines(output, 20)
  throw new Error(`the storage of ${nameOf(node)} cannot be formatted (${failure}):\n${tail}`)
}

/** Resolves when the node serves clients, which of three nodes none does before two are up. */
export function startNode(kafka: KafkaInstallation, node: KafkaNode): Promise<ServerProcess> {
  return startProcess({
    name: nameOf(node),
    command: kafka.java,
    args: javaArgs(kafka, 'kafka.Kafka', propertiesFile(node)),
    logFile: join(node.folder, 'server.log'),
    pidFile: pidFile(node),
    ready: (log) => log.includes('Kafka Server started'),
  })
}

function nameOf(node: KafkaNode): string {
  return `Kafka node ${node.id} in ${node.folder}`
}

function pidFile(node: KafkaNode): string {
  return join(node.folder, 'pid')
}

function propertiesFile(node: KafkaNode): string {
  return join(node.folder, 'server.properties')
}
